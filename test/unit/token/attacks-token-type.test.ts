/** Other tokens of the same issuer used as access tokens (RFC 9068 section 4, RFC 8725 section 3.12, standards 69-71). */
import { afterAll, beforeAll, describe, it } from 'vitest'
import { startAttackWorld, type AttackWorld } from '../../support/attack-world.js'
import type { TestAuthorizationServer } from '../../support/authorization-server.js'
import { expectAllowed, expectRefusal } from '../../support/golden-refusals.js'

let world: AttackWorld
beforeAll(async () => {
  world = await startAttackWorld()
})
afterAll(async () => {
  await world.close()
})

type Claims = Record<string, unknown>

async function presentFrom(server: TestAuthorizationServer, claims: Claims, header: Claims) {
  return await world.present(await server.token(claims, header))
}

describe('typ of an issuer of the RFC 9068 profile', () => {
  it.each(['at+jwt', 'AT+JWT', 'At+Jwt', 'application/at+jwt', 'Application/AT+JWT'])(
    '%j is accepted',
    async (typ) => {
      expectAllowed(await presentFrom(world.main, {}, { typ }))
    },
  )

  it.each([
    undefined,
    '',
    'JWT',
    'jwt',
    'at+jwt ',
    ' at+jwt',
    'at+jwt\0',
    'at+jwt;v=1',
    'at +jwt',
    'at-jwt',
    'at',
    'at+jwt+jwt',
    'xat+jwt',
    'application/',
    'application/JWT',
    'application/application/at+jwt',
    'application/x/at+jwt',
    'text/at+jwt',
    '/at+jwt',
    'JOSE',
    'JOSE+JSON',
  ])('%j is refused', async (typ) => {
    expectRefusal(await presentFrom(world.main, {}, { typ }), 'wrong_type')
  })

  it.each([1, null, ['at+jwt'], { typ: 'at+jwt' }])('%j is no typ at all', async (typ) => {
    expectRefusal(await presentFrom(world.main, {}, { typ }), 'malformed_token')
  })
})

describe('typ of an issuer that is trusted leniently', () => {
  it.each([undefined, 'JWT', 'jwt', 'application/jwt', 'at+jwt', 'application/AT+JWT'])(
    '%j is accepted',
    async (typ) => {
      expectAllowed(await presentFrom(world.legacy, {}, { typ }))
    },
  )

  it.each(['', 'JWT ', 'JOSE', 'text/jwt', 'urn:example:type'])('%j is refused', async (typ) => {
    expectRefusal(await presentFrom(world.legacy, {}, { typ }), 'wrong_type')
  })
})

describe('a token whose typ says that it is something else', () => {
  const now = Math.floor(Date.now() / 1_000)
  const tokens: { name: string; typ: string; claims?: Claims }[] = [
    { name: 'a DPoP proof', typ: 'dpop+jwt', claims: { htm: 'GET', htu: 'https://a.example' } },
    {
      name: 'a security event token',
      typ: 'secevent+jwt',
      claims: { events: { 'https://schemas.openid.net/secevent/caep/event-type/x': {} } },
    },
    {
      name: 'a logout token',
      typ: 'logout+jwt',
      claims: { events: { 'http://schemas.openid.net/event/backchannel-logout': {} }, sid: 's' },
    },
    {
      name: 'a status list token',
      typ: 'statuslist+jwt',
      claims: { status_list: { bits: 1, lst: 'eNrbuRgAAhcBXQ' }, ttl: 43_200 },
    },
    {
      name: 'an introspection response',
      typ: 'token-introspection+jwt',
      claims: { token_introspection: { active: true, sub: 'alice' } },
    },
    { name: 'an authorization request', typ: 'oauth-authz-req+jwt', claims: { nonce: 'n' } },
    { name: 'a client assertion', typ: 'client-authentication+jwt' },
    { name: 'a key binding', typ: 'kb+jwt', claims: { sd_hash: 'x' } },
    { name: 'a selectively disclosed credential', typ: 'dc+sd-jwt', claims: { vct: 'x' } },
    { name: 'a transaction token', typ: 'txntoken+jwt', claims: { txn: 'x' } },
    { name: 'an identity assertion grant', typ: 'oauth-id-jag+jwt', claims: { auth_time: now } },
    { name: 'Okta’s internal access token', typ: 'okta-internal-at+jwt' },
    { name: 'an entity statement', typ: 'entity-statement+jwt' },
    { name: 'a type that nobody has registered', typ: 'new-thing+jwt' },
  ]
  const spelt = tokens.flatMap((token) =>
    [token.typ, token.typ.toUpperCase(), `application/${token.typ}`].map((typ) => ({
      ...token,
      typ,
    })),
  )

  it.each(spelt)('is refused: $name as $typ', async ({ typ, claims }) => {
    expectRefusal(await presentFrom(world.main, claims ?? {}, { typ }), 'wrong_type')
  })

  it.each(spelt)('is refused leniently: $name as $typ', async ({ typ, claims }) => {
    expectRefusal(await presentFrom(world.legacy, claims ?? {}, { typ }), 'wrong_type')
  })
})

describe('a token that shows only by its claims that it is something else', () => {
  const logout = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  const tokens: [string, Claims][] = [
    ['an ID token with a nonce', { nonce: 'n-0S6_WzA2Mj' }],
    ['an ID token with at_hash', { at_hash: '77QmUPtjPfzWtF2AnpK9RQ' }],
    ['an ID token with c_hash', { c_hash: 'LDktKdoQak3Pk0cnXxCltA' }],
    ['an ID token with s_hash', { s_hash: '76sa5dd' }],
    ['an ID token of Cognito', { token_use: 'id' }],
    ['an ID token of Keycloak', { typ: 'ID' }],
    ['a refresh token of Keycloak', { typ: 'Refresh' }],
    ['an offline token of Keycloak', { typ: 'Offline' }],
    ['a logout token of Keycloak', { typ: 'Logout' }],
    ['a refresh token by its use', { token_use: 'refresh' }],
    ['a use that is no string', { token_use: ['access'] }],
    ['a use of null', { token_use: null }],
    ['a logout token', { events: logout, sid: 's' }],
    ['a security event token', { events: {} }],
    ['a nonce of null', { nonce: null }],
  ]
  const types = [undefined, 'JWT', 'at+jwt']
  const typed = tokens.flatMap(([name, claims]) => types.map((typ) => ({ name, claims, typ })))

  it.each(typed)('is refused leniently: $name with typ $typ', async ({ claims, typ }) => {
    expectRefusal(await presentFrom(world.legacy, claims, { typ }), 'wrong_type')
  })

  it.each(tokens)('is refused by the profile because of its typ: %s', async (_, claims) => {
    expectRefusal(await presentFrom(world.main, claims, { typ: 'JWT' }), 'wrong_type')
  })

  it('is refused for its audience: an ID token that says nothing but for whom it is', async () => {
    const answer = await presentFrom(world.legacy, { aud: 'app' }, { typ: 'JWT' })
    expectRefusal(answer, 'wrong_audience')
  })

  it.each([
    { token_use: 'access' },
    { typ: 'Bearer' },
    { typ: 'DPoP' },
    { typ: 'at+jwt', token_use: 'access' },
    { sid: 's', auth_time: 1, acr: '1', azp: 'app' },
  ])('is not suspected of an access token that says %j', async (claims) => {
    expectAllowed(await presentFrom(world.legacy, claims, { typ: 'JWT' }))
  })
})
