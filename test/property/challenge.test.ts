/** A challenge says to an independent client exactly what was put into it, and nothing can break out of it (standards 18 to 20). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatChallenge, type Challenge } from '../../src/bearer/index.js'
import { parseChallenges } from '../support/parsed-challenge.js'

const printable = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 })
const scopeCharacters = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i))
const scopeName = fc.string({
  unit: fc.constantFrom(...scopeCharacters.filter((one) => one !== '"' && one !== '\\')),
  minLength: 1,
  maxLength: 20,
})

function challengeOf(text: fc.Arbitrary<string>): fc.Arbitrary<Challenge> {
  return fc.record(
    {
      realm: text,
      error: fc.constantFrom('invalid_request', 'invalid_token', 'insufficient_scope'),
      errorDescription: text,
      scopes: fc.array(scopeName, { maxLength: 5 }),
      resourceMetadata: fc.oneof(fc.webUrl(), text),
    },
    { requiredKeys: ['realm'] },
  )
}

function parametersOf(challenge: Challenge): Record<string, string> {
  const { realm, error, errorDescription, scopes = [], resourceMetadata } = challenge
  const parameters = {
    realm,
    error,
    error_description: errorDescription,
    scope: scopes.length === 0 ? undefined : scopes.join(' '),
    resource_metadata: resourceMetadata,
  }
  return Object.fromEntries(
    Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined),
  )
}

describe('a challenge', () => {
  it('is read by oauth4webapi with the parameters that were put in', async () => {
    await fc.assert(
      fc.asyncProperty(challengeOf(printable), async (challenge) => {
        const parsed = await parseChallenges([formatChallenge(challenge)])
        expect(parsed.map(({ scheme }) => scheme)).toEqual(['bearer'])
        expect({ ...parsed[0]!.parameters }).toEqual(parametersOf(challenge))
      }),
      { numRuns: 300 },
    )
  })

  it('is one challenge of valid field content, whatever its parts hold', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.string({ unit: fc.constantFrom(...Array.from('"\\,= \r\n\0é')), minLength: 1 }),
    )
    await fc.assert(
      fc.asyncProperty(challengeOf(text), async (challenge) => {
        const value = formatChallenge(challenge)
        expect(value).toMatch(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/)
        const parsed = await parseChallenges([value])
        expect(parsed).toHaveLength(1)
        const names = Object.keys(parametersOf(challenge))
        expect(Object.keys(parsed[0]!.parameters)).toEqual(names)
        const outsideQuotes = value.replace(/"(?:[^"\\]|\\.)*"/g, '')
        expect(outsideQuotes).toBe(`Bearer ${names.map((name) => `${name}=`).join(', ')}`)
      }),
      { numRuns: 300 },
    )
  })
})
