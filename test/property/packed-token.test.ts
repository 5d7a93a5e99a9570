/** A token that was packed is the token that it was, whatever its claims are. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { packToken, unpackToken } from '../../src/token/packed-token.js'
import { parseJsonObject } from '../../src/strict-json.js'

const optional = fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined })
const token = fc.record({
  issuerId: fc.string(),
  tenantIssuer: optional,
  subject: optional,
  audiences: fc.array(fc.string({ unit: 'grapheme' })),
  isAudienceWaived: fc.boolean(),
  isSenderConstrained: fc.boolean(),
  kid: optional,
})
const claims = fc.dictionary(
  fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', 'constructor', 'toJSON')),
  fc.jsonValue({ stringUnit: 'grapheme' }),
)

it('comes out as it went in, without what was made of it', () => {
  fc.assert(
    fc.property(token, claims, (members, said) => {
      const read = parseJsonObject(Buffer.from(JSON.stringify(said)))
      if (read === undefined) throw new Error('JSON of ours is not read')
      const packed = packToken({ ...members, claims: read, memory: { of: 'others' } })
      if (packed === undefined) throw new Error('a token of ours is not packed')
      const unpacked = unpackToken(packed)
      expect(unpacked).toEqual({ ...members, claims: read, memory: undefined })
      expect(Object.keys(unpacked.claims)).toEqual(Object.keys(read))
      expect(Object.getPrototypeOf(unpacked.claims)).toBe(Object.prototype)
    }),
    { numRuns: 500 },
  )
})
