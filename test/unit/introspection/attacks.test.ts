/** Attacks on introspection: tokens of another kind, an issuer that is not for a resource, and floods. */
import { describe, expect, it } from 'vitest'
import { sendJson, testAudience } from '../../support/authorization-server.js'
import {
  askingTheEndpoint,
  endpoint,
  gate,
  issuer,
  reasonOf,
  setUp,
  start,
  startWith,
} from '../../support/introspection-world.js'
import { testConfig } from '../../support/test-gate.js'
import { until } from '../../support/until.js'

setUp()

function forgedToken(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'ES256', typ: 'at+jwt' })}.${part(claims)}.AAAA`
}

describe('a token of another kind', () => {
  it.each([{ nonce: 'n' }, { at_hash: 'x' }, { events: {} }])(
    'is refused when the answer has %o',
    async (marks) => {
      await start()
      endpoint.members = { ...endpoint.members, ...marks }
      expect(await reasonOf('opaque')).toBe('wrong_type')
    },
  )

  it.each([{ token_type: 'DPoP' }, { typ: 'DPoP' }, { typ: 'dpop' }, { cnf: {} }])(
    'is bound to a key with %o, whether or not the answer has the key',
    async (members) => {
      await start()
      endpoint.members = { ...endpoint.members, ...members }
      expect(await reasonOf('opaque')).toBe('unverifiable_confirmation')
    },
  )

  it.each([{ exp: null }, { aud: null }])('is no token with %o in the answer', async (members) => {
    await start()
    endpoint.members = { ...endpoint.members, ...members }
    expect(await reasonOf('opaque')).toBe('invalid_claim')
  })

  it('is refused for its own type and headers, though the issuer calls it active', async () => {
    await start({}, { tokenCheck: 'introspection', refuseHeaders: ['nonce'] })
    for (const typ of ['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'token-introspection+jwt']) {
      expect(await reasonOf(await issuer.token({}, { typ }))).toBe('wrong_type')
    }
    expect(await reasonOf(await issuer.token({ nonce: 'n' }, { typ: 'JWT' }))).toBe('wrong_type')
    expect(await reasonOf(await issuer.token({}, { nonce: 'n' }))).toBe(
      'token_not_for_third_parties',
    )
    expect(endpoint.asked).toHaveLength(0)
    expect(await reasonOf(await issuer.token({}, { typ: 'JWT' }))).toBe('none')
    expect(await reasonOf(await issuer.token())).toBe('none')
  })
})

describe('an issuer without keys', () => {
  it('is no fault of ours where a route wants a signature', async () => {
    const iss = 'https://keyless.example.com'
    const route = (id: string, tokenCheck?: string) => {
      return { id, path: `/${id}`, access: 'authenticated', tokenCheck }
    }
    await startWith(
      testConfig(issuer, {
        issuers: [
          {
            id: 'main',
            issuer: issuer.issuer,
            introspection: askingTheEndpoint({ tokenPrefix: 'main_' }),
          },
          {
            id: 'keyless',
            issuer: iss,
            tokenCheck: 'introspection',
            introspection: askingTheEndpoint(),
          },
        ],
        resources: [
          {
            id: 'signed',
            audiences: [testAudience],
            issuers: ['main'],
            routes: [route('jwt', 'jwt'), route('both', 'both')],
          },
          {
            id: 'asked',
            audiences: [testAudience],
            issuers: ['keyless'],
            routes: [route('asked')],
          },
        ],
      }),
    )
    expect(await reasonOf(forgedToken({ iss }), '/jwt')).toBe('unknown_issuer')
    expect(await reasonOf(forgedToken({ iss }), '/both')).toBe('unknown_issuer')
    expect(gate!.log.filter(({ level }) => level === 'error')).toEqual([])
  })
})

describe('a flood', () => {
  it('of made-up tokens does not hold up JWTs that are asked about too', async () => {
    const routes = [
      { id: 'read', path: '/read', scopes: ['read:users'] },
      { id: 'pay', path: '/pay', scopes: ['read:users'], tokenCheck: 'both' },
    ]
    await start(
      { maxNewTokensPerSecond: 1 },
      {},
      { resources: [{ id: 'r', audiences: [testAudience], routes }] },
    )
    endpoint.answer = (response, { form }) => {
      const isMadeUp = form.get('token')?.startsWith('made-up') === true
      sendJson(response, isMadeUp ? { active: false } : endpoint.members)
    }
    const reasons = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => await reasonOf(`made-up${String(index)}`)),
    )
    expect(reasons).toContain('overloaded')
    expect(await reasonOf(await issuer.token(), '/pay')).toBe('none')
  })
  it('of tokens that the endpoint does not take leaves it open for others', async () => {
    await start({ cacheSeconds: 0 })
    endpoint.answer = (response, { form }) => {
      if (form.get('token') === 'good') sendJson(response, endpoint.members)
      else response.writeHead(400).end()
    }
    for (let index = 0; index < 6; index++) {
      expect(await reasonOf(`odd${String(index)}`)).toBe('introspection_unavailable')
    }
    expect(await reasonOf('good')).toBe('none')
  })

  it('at a slow endpoint stands behind tokens that were active', async () => {
    await start({ cacheSeconds: 0, maxConcurrentRequests: 2, maxWaitingChecks: 10 })
    endpoint.answer = (response, { form }) => {
      const isGood = form.get('token') === 'good'
      setTimeout(() => {
        sendJson(response, isGood ? endpoint.members : { active: false })
      }, 50)
    }
    expect(await reasonOf('good')).toBe('none')
    const flood = Array.from({ length: 20 }, async (_, index) => await reasonOf(String(index)))
    await until(() => endpoint.asked.length > 1)
    expect(await reasonOf('good')).toBe('none')
    expect(endpoint.asked.length).toBeLessThan(10)
    expect(await Promise.all(flood)).toContain('overloaded')
  })
})
