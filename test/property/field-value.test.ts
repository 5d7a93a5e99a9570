/** Claims in headers: always valid field content, never two claims with one look, and the claim comes back (RFC 9110 5.5). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFieldValue } from '../../src/check/identity-headers.js'

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom(...Array.from('a b%20\t\r\n\0,"é😀\u00a0')), maxLength: 20 }),
)
const anyUtf16 = fc
  .array(fc.oneof(fc.nat(0xff), fc.integer({ min: 0xd7f0, max: 0xe010 })), { maxLength: 8 })
  .map((units) => String.fromCharCode(...units))

describe('encodeFieldValue', () => {
  it('gives valid field content for every text', () => {
    fc.assert(
      fc.property(text, (value) => {
        fc.pre(value !== '')
        // field-value without obs-text, and without a run of spaces that a proxy could fold.
        expect(encodeFieldValue(value)).toMatch(/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/)
      }),
      { numRuns: 1_000 },
    )
  })

  it('gives the text back by decodeURIComponent, and so is never the same for two texts', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(decodeURIComponent(encodeFieldValue(value)!)).toBe(value)
      }),
      { numRuns: 1_000 },
    )
  })

  it('gives nothing exactly for what is no Unicode text', () => {
    fc.assert(
      fc.property(anyUtf16, (value) => {
        expect(encodeFieldValue(value) === undefined).toBe(!value.isWellFormed())
      }),
      { numRuns: 1_000 },
    )
  })
})
