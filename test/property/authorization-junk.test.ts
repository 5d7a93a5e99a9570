/** Whatever stands in an Authorization header, the check answers, denies, and blames no fault of its own (style 10.6). */
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { extractAccessToken } from '../../src/bearer/index.js'
import { createTestKey, type TestKey } from '../support/authorization-server.js'
import { encodePart, signJws } from '../support/forged-jws.js'
import {
  checkRequest,
  createInProcessCheck,
  inProcessClaims,
  inProcessIssuer,
} from '../support/in-process-check.js'

let key: TestKey
beforeAll(async () => {
  key = await createTestKey()
})

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 100 }),
  fc.string({ unit: fc.constantFrom(...Array.from('Bearer \t,."={}-_A\0\n')), maxLength: 60 }),
)
const scheme = fc.constantFrom(
  'Bearer',
  'bearer',
  'BEARER',
  'DPoP',
  'Basic',
  '',
  ' Bearer',
  'Bearer,',
)
const space = fc.constantFrom(' ', '  ', '\t', '', '\n', ',')
const credentials = fc.array(
  fc.tuple(scheme, space, anyText).map((parts) => parts.join('')),
  {
    minLength: 1,
    maxLength: 3,
  },
)
const authorization = fc.oneof(
  anyText,
  credentials.map((all) => all.join(',')),
)

/** Claims and headers that are JSON, and often almost right. */
const header = fc.record(
  {
    alg: fc.oneof(fc.constantFrom('ES256', 'none', 'HS256', 'RS256'), fc.jsonValue()),
    typ: fc.oneof(fc.constant('at+jwt'), fc.jsonValue()),
    kid: fc.oneof(fc.string(), fc.jsonValue()),
    crit: fc.jsonValue(),
    jwk: fc.jsonValue(),
  },
  { requiredKeys: ['alg'] },
)
const claims = fc.record(
  {
    iss: fc.oneof(fc.constant(inProcessIssuer), fc.jsonValue()),
    aud: fc.jsonValue(),
    exp: fc.jsonValue(),
    scope: fc.jsonValue(),
    sub: fc.jsonValue(),
  },
  { requiredKeys: [] },
)

describe('any Authorization header', () => {
  it('is extracted from, or refused, without throwing', () => {
    fc.assert(
      fc.property(authorization, (value) => {
        const extraction = extractAccessToken(value)
        const accessToken = extraction.kind === 'presented' ? extraction.text() : undefined
        if (accessToken === undefined) return
        expect(accessToken).toMatch(/^[A-Za-z0-9\-._~+/]+=*$/)
        expect(value.toLowerCase().startsWith('bearer ')).toBe(true)
        expect(value.endsWith(` ${accessToken}`)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is never allowed and never a fault', async () => {
    const { check, faults } = createInProcessCheck([key])
    await fc.assert(
      fc.asyncProperty(authorization, async (value) => {
        const decision = await check(checkRequest({ authorization: value }))
        expect(decision).toMatchObject({ outcome: 'deny' })
      }),
      { numRuns: 500 },
    )
    expect(faults).toEqual([])
  })

  it('is never allowed and never a fault when it holds JSON that was not signed', async () => {
    const { check, faults } = createInProcessCheck([key])
    await fc.assert(
      fc.asyncProperty(header, claims, fc.uint8Array(), async (head, payload, signature) => {
        const token = [head, payload, signature].map((part) => encodePart(part)).join('.')
        const decision = await check(checkRequest({ authorization: `Bearer ${token}` }))
        expect(decision).toMatchObject({ outcome: 'deny' })
      }),
      { numRuns: 500 },
    )
    expect(faults).toEqual([])
  })

  it('is never a fault when it holds any claims that are really signed', async () => {
    const { check, faults, clock } = createInProcessCheck([key])
    const genuine = { alg: 'ES256', typ: 'at+jwt', kid: key.jwk.kid }
    const good = inProcessClaims(clock)
    const changed = fc
      .tuple(fc.subarray(Object.keys(good)), fc.jsonValue())
      .map(([names, value]) => ({
        ...good,
        ...Object.fromEntries(names.map((name) => [name, value])),
      }))
    const outcomes = new Set<string>()
    await fc.assert(
      fc.asyncProperty(changed, async (payload) => {
        const authorization = `Bearer ${signJws(genuine, payload, key)}`
        outcomes.add((await check(checkRequest({ authorization }))).outcome)
      }),
      { numRuns: 400 },
    )
    expect(faults).toEqual([])
    expect(outcomes).toEqual(new Set(['allow', 'deny']))
  })
})
