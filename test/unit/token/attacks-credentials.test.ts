/** Attacks on the place and the form of the credential (RFC 6750 section 2, RFC 9110 section 11, standards 1A). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAttackWorld, type AttackWorld } from '../../support/attack-world.js'
import type { HttpAttributes } from '../../support/check-client.js'
import { expectAllowed, expectRefusal, type GoldenReason } from '../../support/golden-refusals.js'

let world: AttackWorld
let token: string
beforeAll(async () => {
  world = await startAttackWorld()
  token = await world.main.token()
})
afterAll(async () => {
  await world.close()
})

async function ask(attributes: HttpAttributes) {
  return await world.gate.client.check({ path: '/read', ...attributes })
}

/** The same Authorization header in both forms that Envoy has for headers. */
const forms: [string, (authorization: string) => HttpAttributes][] = [
  ['headers', (authorization) => ({ headers: { authorization } })],
  ['header_map', (authorization) => ({ headerMap: [['authorization', authorization]] })],
]

describe.each(forms)('the Authorization header in %s', (_, form) => {
  const accepted: [string, (token: string) => string][] = [
    ['Bearer', (token) => `Bearer ${token}`],
    ['bearer', (token) => `bearer ${token}`],
    ['BEARER', (token) => `BEARER ${token}`],
    ['bEaReR', (token) => `bEaReR ${token}`],
    ['Bearer and two spaces', (token) => `Bearer  ${token}`],
    ['Bearer and twenty spaces', (token) => `Bearer${' '.repeat(20)}${token}`],
  ]

  it.each(accepted)('is accepted with %s', async (_, write) => {
    expectAllowed(await ask(form(write(token))))
  })

  const refused: [string, (token: string) => string, GoldenReason][] = [
    ['nothing in it', () => '', 'missing_token'],
    ['Bearer alone', () => 'Bearer', 'missing_token'],
    ['Bearer and a space', () => 'Bearer ', 'missing_token'],
    ['Bearer and spaces', () => 'Bearer    ', 'missing_token'],
    ['Basic', () => 'Basic YWxpY2U6c2VjcmV0', 'missing_token'],
    ['Basic and the token', (token) => `Basic ${token}`, 'missing_token'],
    ['Digest', () => 'Digest username="alice", realm="users"', 'missing_token'],
    ['Negotiate', () => 'Negotiate YIIB', 'missing_token'],
    ['DPoP, which this route does not take', (token) => `DPoP ${token}`, 'missing_token'],
    ['a scheme that begins as Bearer', (token) => `Bearer2 ${token}`, 'missing_token'],
    ['a scheme that ends as Bearer', (token) => `XBearer ${token}`, 'missing_token'],
    ['the token without a scheme', (token) => token, 'missing_token'],
    ['the scheme run together with the token', (token) => `Bearer${token}`, 'missing_token'],
    ['a tab between', (token) => `Bearer\t${token}`, 'malformed_credentials'],
    ['a space and a tab between', (token) => `Bearer \t${token}`, 'malformed_credentials'],
    ['a newline between', (token) => `Bearer\n${token}`, 'malformed_credentials'],
    ['a no-break space between', (token) => `Bearer\u00a0${token}`, 'malformed_credentials'],
    ['a space in front', (token) => ` Bearer ${token}`, 'malformed_credentials'],
    ['a space behind', (token) => `Bearer ${token} `, 'malformed_credentials'],
    ['a newline behind', (token) => `Bearer ${token}\n`, 'malformed_credentials'],
    ['something behind', (token) => `Bearer ${token} y`, 'malformed_credentials'],
    ['a parameter behind', (token) => `Bearer ${token}, realm="x"`, 'malformed_credentials'],
    ['quotes around the token', (token) => `Bearer "${token}"`, 'malformed_credentials'],
    ['braces around the token', (token) => `Bearer {${token}}`, 'malformed_credentials'],
    ['a NUL behind', (token) => `Bearer ${token}\0`, 'malformed_credentials'],
    ['a letter beyond ASCII', (token) => `Bearer ${token}é`, 'malformed_credentials'],
    ['an emoji', (token) => `Bearer 😀${token}`, 'malformed_credentials'],
    ['a colon behind the scheme', (token) => `Bearer: ${token}`, 'malformed_credentials'],
    ['an equals sign behind the scheme', (token) => `Bearer=${token}`, 'malformed_credentials'],
    ['only padding', () => 'Bearer ====', 'malformed_credentials'],
    ['two tokens', (token) => `Bearer ${token},Bearer ${token}`, 'malformed_credentials'],
    ['two tokens and a space', (token) => `Bearer ${token}, Bearer x`, 'malformed_credentials'],
    ['a token and Basic', (token) => `Bearer ${token},Basic YTpi`, 'malformed_credentials'],
    ['a token and DPoP', (token) => `Bearer ${token},DPoP ${token}`, 'malformed_credentials'],
    ['Basic and a token', (token) => `Basic YTpi, Bearer ${token}`, 'malformed_credentials'],
    ['DPoP and a token', (token) => `DPoP ${token},bearer ${token}`, 'malformed_credentials'],
    ['nothing and a token', (token) => `,Bearer ${token}`, 'malformed_credentials'],
    ['a token and nothing', (token) => `Bearer ${token},`, 'malformed_credentials'],
    ['an opaque token', () => 'Bearer mF_9.B5f-4.1JqM', 'malformed_token'],
    ['a token with padding', () => 'Bearer dG9rZW4=', 'malformed_token'],
    ['a short token', () => 'Bearer x', 'malformed_token'],
    ['1 MiB', () => `Bearer ${'a'.repeat(1_048_576)}`, 'malformed_credentials'],
    ['1 MiB of dots', () => `Bearer ${'.'.repeat(1_048_576)}`, 'malformed_credentials'],
    ['1 MiB of spaces', () => `Bearer ${' '.repeat(1_048_576)}x`, 'malformed_credentials'],
  ]

  it.each(refused)('is refused with %s', async (_, write, reason) => {
    expectRefusal(await ask(form(write(token))), reason)
  })
})

describe('two Authorization headers', () => {
  const values: [string, (token: string) => string][] = [
    ['the same token', (token) => `Bearer ${token}`],
    ['another token', () => 'Bearer x'],
    ['Basic', () => 'Basic YTpi'],
    ['DPoP', (token) => `DPoP ${token}`],
    ['nothing', () => ''],
  ]

  it.each(values)('are refused when the second has %s', async (_, second) => {
    const headerMap = [
      ['authorization', `Bearer ${token}`],
      ['authorization', second(token)],
    ] as const
    expectRefusal(await ask({ headerMap }), 'malformed_credentials')
  })

  it.each(values)('are refused when the first has %s', async (_, first) => {
    const headerMap = [
      ['authorization', first(token)],
      ['authorization', `Bearer ${token}`],
    ] as const
    expectRefusal(await ask({ headerMap }), 'malformed_credentials')
  })
})

describe('a token in another place', () => {
  const places: [string, (token: string) => HttpAttributes][] = [
    ['the query', (token) => ({ path: `/read?access_token=${token}` })],
    ['the query, encoded', (token) => ({ path: `/read?a=1&access%5Ftoken=${token}` })],
    ['Proxy-Authorization', (token) => ({ headers: { 'proxy-authorization': `Bearer ${token}` } })],
    ['a cookie', (token) => ({ headers: { cookie: `access_token=${token}` } })],
    ['X-Authorization', (token) => ({ headers: { 'x-authorization': `Bearer ${token}` } })],
    [
      'X-Forwarded-Authorization',
      (token) => ({
        headers: { 'x-forwarded-authorization': `Bearer ${token}` },
      }),
    ],
    ['X-Access-Token', (token) => ({ headers: { 'x-access-token': token } })],
    ['a WebSocket protocol', (token) => ({ headers: { 'sec-websocket-protocol': token } })],
    ['an underscore header', (token) => ({ headers: { http_authorization: `Bearer ${token}` } })],
  ]

  it.each(places)('is not seen in %s', async (_, place) => {
    const answer = await ask(place(token))
    expectRefusal(answer, 'missing_token')
    expect(answer.headers['www-authenticate']![0]).not.toContain('error')
    expect(answer.body).not.toContain('error')
  })

  it.each(places)('does not disturb the header when it is also in %s', async (_, place) => {
    const attributes = place(token)
    const headers = { ...attributes.headers, authorization: `Bearer ${token}` }
    expectAllowed(await ask({ ...attributes, headers }))
  })

  it('does not replace a bad header from the query', async () => {
    const answer = await ask({
      path: `/read?access_token=${token}`,
      headers: { authorization: 'Bearer x' },
    })
    expectRefusal(answer, 'malformed_token')
  })
})
