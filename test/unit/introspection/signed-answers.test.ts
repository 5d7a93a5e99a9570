/** Signed answers (RFC 9701) through a whole gate: whatever is wrong with one is the endpoint's trouble, never an allow. */
import { describe, expect, it } from 'vitest'
import { createTestKey, type TestKey } from '../../support/authorization-server.js'
import { hmacJws, partsOf, rsaSecretForms, signJws } from '../../support/forged-jws.js'
import {
  endpoint,
  gate,
  issuer,
  reasonOf,
  seconds,
  setUp,
  start,
  type Settings,
} from '../../support/introspection-world.js'
import { createNamedKey } from '../../support/named-key.js'

setUp()

const clientId = 'the gate'
const typ = 'token-introspection+jwt'
const mediaType = `application/${typ}`

/** What a good answer claims, with changes; a change to undefined removes the claim. */
function claims(changes: Settings = {}): string {
  return JSON.stringify({
    iss: issuer.issuer,
    aud: clientId,
    iat: seconds(),
    token_introspection: endpoint.members,
    ...changes,
  })
}

async function signed(changes?: Settings, header: Settings = {}, key?: TestKey): Promise<string> {
  return await issuer.sign(claims(changes), { typ, ...header }, key)
}

function answerWith(body: string, type = mediaType): void {
  endpoint.answer = (response) => response.writeHead(200, { 'content-type': type }).end(body)
}

async function startSigned(introspection: Settings = {}, more: Settings = {}): Promise<void> {
  await start({ signedResponses: 'require', negativeCacheSeconds: 0, ...introspection }, more)
}

/** Asks about a token with this answer, and again with a good one: a bad answer is not held against the token. */
async function expectTrouble(body: string, type?: string): Promise<void> {
  answerWith(body, type)
  await startSigned()
  const headers = { authorization: 'Bearer opaque' }
  const { kind, status, metadata } = await gate!.client.check({ path: '/read', headers })
  expect([kind, status, metadata['reason']]).toEqual(['denied', 503, 'introspection_unavailable'])
  expect(endpoint.asked).toHaveLength(1)
  expect(JSON.stringify(gate!.log)).not.toContain(body)
  answerWith(await signed())
  expect(await reasonOf('opaque')).toBe('none')
}

describe('a good signed answer', () => {
  it('is asked for, and passes', async () => {
    answerWith(await signed())
    await startSigned()
    expect(await reasonOf('opaque')).toBe('none')
    expect(endpoint.asked[0]?.headers.accept).toBe(mediaType)
  })

  it.each<[string, () => Promise<string>]>([
    ['whose aud is a list of us alone', async () => await signed({ aud: [clientId] })],
    ['whose typ is the whole media type', async () => await signed({}, { typ: mediaType })],
    ['whose typ is in capitals', async () => await signed({}, { typ: typ.toUpperCase() })],
    ['without kid', async () => await signed({}, { kid: undefined })],
    ['that is a minute old', async () => await signed({ iat: seconds() - 60 })],
    ['by a clock that is somewhat ahead', async () => await signed({ iat: seconds() + 2 })],
    ['with a line end', async () => `${await signed()}\r\n`],
  ])('%s passes', async (_name, body) => {
    answerWith(await body())
    await startSigned()
    expect(await reasonOf('opaque')).toBe('none')
  })

  it('is by a key that was published after the gate had started', async () => {
    await startSigned()
    const fresh = await createTestKey()
    issuer.keys = [fresh]
    answerWith(await signed({}, {}, fresh))
    expect(await reasonOf('opaque')).toBe('none')
  })

  it.each<[string, Settings, string]>([
    ['is inactive', { active: false }, 'inactive_token'],
    ['has active as text', { active: 'true' }, 'inactive_token'],
    ['has no active', { active: undefined }, 'inactive_token'],
    ['is of another audience', { aud: clientId }, 'wrong_audience'],
    ['is of another issuer', { iss: 'https://other.example' }, 'unknown_issuer'],
    ['expired', { exp: seconds() - 600 }, 'expired'],
    ['lacks the scope', { scope: 'read' }, 'insufficient_scope'],
  ])('about a token that %s refuses it', async (_name, changes, reason) => {
    const members = { ...endpoint.members, ...changes }
    answerWith(await signed({ token_introspection: members }))
    await startSigned()
    expect(await reasonOf('opaque')).toBe(reason)
  })

  it('counts by what is inside token_introspection and not by what is beside it', async () => {
    const beside = { ...endpoint.members, active: true, aud: clientId }
    answerWith(await signed({ ...beside, token_introspection: { active: false } }))
    await startSigned()
    expect(await reasonOf('opaque')).toBe('inactive_token')
  })
})

describe('a signed answer that is none', () => {
  it.each<[string, Settings]>([
    ['for another client', { aud: 'another client' }],
    ['for us and another client', { aud: [clientId, 'another client'] }],
    ['for the resource', { aud: 'https://api.example.com' }],
    ['for nobody', { aud: undefined }],
    ['for an empty list', { aud: [] }],
    ['of another issuer', { iss: 'https://other.example' }],
    ['of no issuer', { iss: undefined }],
    ['of several issuers', { iss: ['https://other.example'] }],
    ['that is old', { iat: seconds() - 3_600 }],
    ['of the future', { iat: seconds() + 3_600 }],
    ['of no time', { iat: undefined }],
    ['of a time as text', { iat: String(seconds()) }],
    ['of an infinite time', { iat: 1e999 }],
    ['without token_introspection', { token_introspection: undefined }],
    ['with its members at the top', { token_introspection: undefined, active: true }],
    ['with text for token_introspection', { token_introspection: '{"active":true}' }],
    ['with true for token_introspection', { token_introspection: true }],
    ['with null for token_introspection', { token_introspection: null }],
    ['with a list for token_introspection', { token_introspection: [{ active: true }] }],
  ])('%s', async (_name, changes) => {
    await expectTrouble(await signed(changes))
  })

  it.each<[string, Settings]>([
    ['of typ JWT', { typ: 'JWT' }],
    ['of typ at+jwt', { typ: 'at+jwt' }],
    ['of another media type with the same end', { typ: `text/${typ}` }],
    ['of no typ', { typ: undefined }],
    ['of an unknown kid', { kid: 'unknown' }],
    ['of a critical extension', { crit: ['exp'], exp: 1 }],
  ])('%s', async (_name, header) => {
    await expectTrouble(signJws({ ...goodHeader(), ...header }, claims(), issuer.keys[0]!))
  })

  it('is an access token of the same issuer', async () => {
    await expectTrouble(await issuer.token())
  })

  it('is an access token that claims all that an answer does', async () => {
    const token = await issuer.token({ aud: clientId, token_introspection: endpoint.members })
    await expectTrouble(token)
  })

  it.each([{ typ: 'JWT' }, { typ: undefined }])(
    'is an ID token of the same issuer for our client, %o',
    async (header) => {
      const more = {
        aud: clientId,
        nonce: 'n',
        token_introspection: endpoint.members,
        active: true,
      }
      await expectTrouble(await issuer.token(more, header))
    },
  )

  it('is plain JSON with its own media type, and with that of signed answers', async () => {
    const body = JSON.stringify(endpoint.members)
    await expectTrouble(body, 'application/json')
    answerWith(body)
    expect(await reasonOf('another')).toBe('introspection_unavailable')
  })

  it('is a good one that calls itself something else', async () => {
    await expectTrouble(await signed(), 'application/jwt')
  })
})

describe('the signature of an answer', () => {
  it('is by a key of another issuer, with its own kid and with ours', async () => {
    const foreign = await createTestKey()
    await expectTrouble(await signed({}, {}, foreign))
    const namesake = await createNamedKey(issuer.keys[0]!.jwk.kid)
    answerWith(await signed({}, {}, namesake))
    expect(await reasonOf('another')).toBe('introspection_unavailable')
    answerWith(await signed({}, { kid: undefined }, foreign))
    expect(await reasonOf('third')).toBe('introspection_unavailable')
  })

  it('is by a key that the issuer withdrew', async () => {
    const withdrawn = issuer.keys[0]!
    await startSigned({ cacheSeconds: 0 })
    answerWith(await signed())
    expect(await reasonOf('opaque')).toBe('none')
    issuer.keys = [await createTestKey()]
    answerWith(await signed()) // By the new key, which the gate looks up.
    expect(await reasonOf('opaque')).toBe('none')
    answerWith(await signed({}, {}, withdrawn))
    expect(await reasonOf('opaque')).toBe('introspection_unavailable')
  })

  it('is by a key that the set shares with another issuer, where the issuer of a key counts', async () => {
    const ours = withIssuer(issuer.keys[0]!, issuer.issuer)
    const theirs = withIssuer(await createTestKey(), 'https://other.example')
    const nobodys = await createTestKey()
    issuer.keys = [ours, theirs, nobodys]
    await startSigned({}, { keys: { honourKeyIssuer: true } })
    for (const key of [theirs, nobodys]) {
      answerWith(await signed({}, {}, key))
      expect(await reasonOf('opaque')).toBe('introspection_unavailable')
    }
    answerWith(await signed({}, {}, ours))
    expect(await reasonOf('opaque')).toBe('none')
  })

  it('is by a key that the answer brings along', async () => {
    const own = await createTestKey()
    await expectTrouble(signJws({ ...goodHeader(), jwk: own.jwk }, claims(), own))
  })

  it('is none', async () => {
    const [header, payload] = partsOf(signJws({ alg: 'none', typ }, claims(), issuer.keys[0]!))
    await expectTrouble(`${header}.${payload}.`)
    answerWith(`${header}.${payload}.AAAA`)
    expect(await reasonOf('another')).toBe('introspection_unavailable')
  })

  it.each(rsaSecretForms)('is an HMAC with a published RSA key as %s', async (_name, secret) => {
    const rsa = await createTestKey('RS256')
    issuer.keys = [issuer.keys[0]!, rsa]
    const header = { alg: 'HS256', typ, kid: rsa.jwk.kid }
    await expectTrouble(hmacJws(header, claims(), secret(rsa)))
  })

  it('is over other claims', async () => {
    const inactive = await signed({ token_introspection: { active: false } })
    const [header, , signature] = partsOf(inactive)
    await expectTrouble(`${header}.${partsOf(await signed())[1]}.${signature}`)
  })

  it('is changed or cut off', async () => {
    const good = await signed()
    const [header, payload, signature] = partsOf(good)
    const bytes = Buffer.from(signature, 'base64url')
    bytes[0]! ^= 1
    await expectTrouble(`${header}.${payload}.${bytes.toString('base64url')}`)
    answerWith(good.slice(0, -8))
    expect(await reasonOf('another')).toBe('introspection_unavailable')
  })
})

function goodHeader(): Settings {
  return { alg: 'ES256', typ, kid: issuer.keys[0]!.jwk.kid }
}

/** The key as a set publishes it that says whose each key is. */
function withIssuer(key: TestKey, name: string): TestKey {
  const jwk = { ...key.jwk, issuer: name }
  return { ...key, jwk }
}
