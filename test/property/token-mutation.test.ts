/** No change to a valid token, however small, is ever allowed (style 10.6). */
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createTestKey, type TestKey } from '../support/authorization-server.js'
import { signJws } from '../support/forged-jws.js'
import { checkRequest, createInProcessCheck, inProcessClaims } from '../support/in-process-check.js'

const keys: TestKey[] = []
beforeAll(async () => {
  keys.push(await createTestKey('ES256'), await createTestKey('RS256'))
})

const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/='

function setUp(key: TestKey) {
  const { check, clock, faults } = createInProcessCheck(keys)
  const header = { alg: key.algorithm, typ: 'at+jwt', kid: key.jwk.kid }
  const token = signJws(header, inProcessClaims(clock), key)
  const outcome = async (presented: string): Promise<string> => {
    const decision = await check(checkRequest({ authorization: `Bearer ${presented}` }))
    return decision.outcome === 'deny' ? `deny ${decision.reason}` : decision.outcome
  }
  return { token, outcome, faults }
}

describe.each(['ES256', 'RS256'])('a valid %s token', (algorithm) => {
  const keyOf = (): TestKey => keys.find((key) => key.algorithm === algorithm)!

  it('is allowed as it is', async () => {
    const { token, outcome } = setUp(keyOf())
    expect(await outcome(token)).toBe('allow')
  })

  it('is denied with any one character replaced', async () => {
    const { token, outcome, faults } = setUp(keyOf())
    await fc.assert(
      fc.asyncProperty(
        fc.nat(token.length - 1),
        fc.constantFrom(...Array.from(characters)),
        async (at, character) => {
          fc.pre(token[at] !== character)
          expect(await outcome(token.slice(0, at) + character + token.slice(at + 1))).toMatch(
            /^deny /,
          )
        },
      ),
      { numRuns: 500 },
    )
    expect(faults).toEqual([])
  })

  it('is denied with any one bit of any part flipped', async () => {
    const { token, outcome, faults } = setUp(keyOf())
    const parts = token.split('.').map((part) => Buffer.from(part, 'base64url'))
    await fc.assert(
      fc.asyncProperty(fc.nat(2), fc.nat(), fc.nat(7), async (part, at, bit) => {
        const changed = parts.map((octets) => Buffer.from(octets))
        const octets = changed[part]!
        octets[at % octets.length]! ^= 1 << bit
        const presented = changed.map((one) => one.toString('base64url')).join('.')
        expect(await outcome(presented)).toMatch(/^deny /)
      }),
      { numRuns: 500 },
    )
    expect(faults).toEqual([])
  })

  it('is denied with any piece cut out, doubled or moved', async () => {
    const { token, outcome, faults } = setUp(keyOf())
    const place = fc.nat(token.length)
    await fc.assert(
      fc.asyncProperty(place, place, place, async (a, b, c) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        const piece = token.slice(from, to)
        const without = token.slice(0, from) + token.slice(to)
        const moved = without.slice(0, c) + piece + without.slice(c)
        for (const presented of [without, token.slice(0, to) + piece + token.slice(to), moved]) {
          if (presented === token) continue
          expect(await outcome(presented)).toMatch(/^deny /)
        }
      }),
      { numRuns: 200 },
    )
    expect(faults).toEqual([])
  })
})
