/** What an upstream learns about the caller, and that no claim can say more than its header (RFC 9110 section 5.5). */
import { describe, expect, it } from 'vitest'
import { encodeFieldValue, identityHeaders } from '../../../src/check/identity-headers.js'
import { createResource } from '../../support/policy.js'

const resource = createResource({
  upstreamHeaders: [
    { name: 'x-auth-subject', claim: ['sub'] },
    { name: 'x-auth-tenant', claim: ['org', 'id'] },
  ],
})

describe('identityHeaders', () => {
  const sent: [string, unknown, string][] = [
    ['a string', 'alice', 'alice'],
    ['a string with spaces inside', 'Alice B. Carol', 'Alice B. Carol'],
    ['a number', 42, '42'],
    ['zero', 0, '0'],
    ['a boolean', false, 'false'],
    ['a list of strings', ['a', 'b'], 'a b'],
    ['other scripts', 'Zoë 😀', 'Zo%C3%AB %F0%9F%98%80'],
    ['a percent sign', '100%41', '100%2541'],
    ['control characters', 'a\r\nx-admin: true\0', 'a%0D%0Ax-admin: true%00'],
    ['a tab', 'a\tb', 'a%09b'],
    ['spaces at both ends', ' a ', '%20a%20'],
    ['two spaces inside', 'a  b', 'a%20%20b'],
    ['only a space', ' ', '%20'],
    ['quotes, commas and backslashes', 'a",\\;=b', 'a",\\;=b'],
    ['4,096 characters', 'a'.repeat(4_096), 'a'.repeat(4_096)],
  ]

  it.each(sent)('carry %s', (_, sub, value) => {
    expect(identityHeaders(resource, { sub })).toEqual({
      headers: [{ name: 'x-auth-subject', value }],
      dropped: [],
    })
  })

  const dropped: [string, unknown][] = [
    ['an object', { a: 1 }],
    ['a list of numbers', [1]],
    ['a number that was rounded', 1234567890123456789],
    ['a number without end', Number.POSITIVE_INFINITY],
    ['a list of lists', [['a']]],
    ['an empty list', []],
    ['a lone surrogate', 'a\ud800'],
    ['more than 4,096 characters', 'a'.repeat(4_097)],
    ['more than 4,096 characters once encoded', 'é'.repeat(700)],
  ]

  it.each(dropped)('leave out %s and say so', (_, sub) => {
    expect(identityHeaders(resource, { sub })).toEqual({ headers: [], dropped: ['x-auth-subject'] })
  })

  it.each([undefined, null, ''])('leave out %j, which is no value', (sub) => {
    expect(identityHeaders(resource, { sub })).toEqual({ headers: [], dropped: [] })
  })

  it('are taken from nested claims, in the order of the configuration', () => {
    const { headers } = identityHeaders(resource, { org: { id: 'o' }, sub: 's' })
    expect(headers).toEqual([
      { name: 'x-auth-subject', value: 's' },
      { name: 'x-auth-tenant', value: 'o' },
    ])
  })

  it.each([
    [['a b'], ['a', 'b']],
    [['a '], ['a', '']],
    [
      ['a', 'b c'],
      ['a b', 'c'],
    ],
  ])('tell the list %j apart from %j', (one, other) => {
    expect(identityHeaders(resource, { sub: one })).not.toEqual(
      identityHeaders(resource, { sub: other }),
    )
  })
})

describe('encodeFieldValue', () => {
  it('gives nothing for text that is no Unicode', () => {
    expect(encodeFieldValue('\udc00')).toBeUndefined()
  })

  it('encodes no more than it must', () => {
    const visible = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)).join('')
    expect(encodeFieldValue(visible)).toBe(visible.replace('%', '%25'))
  })
})
