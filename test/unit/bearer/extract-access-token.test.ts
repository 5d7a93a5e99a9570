import { describe, expect, it } from 'vitest'
import {
  defaultMaxTokenBytes,
  extractAccessToken,
  type Extraction,
} from '../../../src/bearer/index.js'

const missing = { kind: 'missing_token' }
const malformed = { kind: 'malformed_credentials' }
const extracted = (accessToken: string) => ({ kind: 'extracted', accessToken })

/** What comes out of a header in the end, which must be the same for its text and its octets. */
function outcome(authorization: string | undefined, ...rest: [number?, boolean?]): object {
  const ofText = readAll(extractAccessToken(authorization, ...rest))
  const octets = authorization === undefined ? undefined : Buffer.from(` ${authorization}`)
  expect(readAll(extractAccessToken(octets?.subarray(1), ...rest))).toEqual(ofText)
  return ofText
}

function readAll(extraction: Extraction): object {
  if (extraction.kind !== 'presented') return extraction
  const accessToken = extraction.text()
  return accessToken === undefined ? malformed : extracted(accessToken)
}

describe('extractAccessToken', () => {
  // RFC 6750 section 2.1, the example.
  const token = 'mF_9.B5f-4.1JqM'

  it.each([`Bearer ${token}`, `bearer ${token}`, `BEARER ${token}`, `bEaReR   ${token}`])(
    'takes the token out of %j',
    (authorization) => {
      expect(outcome(authorization)).toEqual(extracted(token))
    },
  )

  it.each(['x', 'A-Z._~+/0', 'dG9rZW4=', 'dG9rZW4==', 'x====='])(
    'takes the token68 %j as it is',
    (credentials) => {
      expect(outcome(`Bearer ${credentials}`)).toEqual(extracted(credentials))
    },
  )

  const paddedParts = ['a==.b=.c==', 'ey.ey.s=', 'a.b=.c', '_-==._-=._-']
  it.each(paddedParts)(
    'takes three padded parts %j where they are allowed, and only there',
    (parts) => {
      expect(outcome(`Bearer ${parts}`, defaultMaxTokenBytes, true)).toEqual(extracted(parts))
      const isToken68 = !/=./.test(parts)
      expect(outcome(`Bearer ${parts}`)).toEqual(isToken68 ? extracted(parts) : malformed)
    },
  )

  it.each([
    'a=b',
    'a===.b.c',
    'a=.b',
    'a=.b=.c=.d',
    '=.b.c',
    'a=..c',
    'a=.b.c d',
    'a=.b.c,Bearer x',
    'a=.b/.c',
    'a=.b.c\n',
    'a= .b.c',
  ])('takes no other `=` inside %j, allowed or not', (credentials) => {
    for (const allows of [true, false]) {
      expect(outcome(`Bearer ${credentials}`, defaultMaxTokenBytes, allows)).toEqual(malformed)
    }
  })

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Bearer      '])(
    'finds no token in %j',
    (authorization) => {
      expect(outcome(authorization)).toEqual(missing)
    },
  )

  it.each([
    'Basic YWxpY2U6c2VjcmV0',
    'Digest username="bearer", realm="a, b"',
    'DPoP x',
    'Negotiate',
    'Bearer2 x',
    'Bearerx',
    'x',
    "!#$%&'*+-.^_`|~0-9 x",
  ])('finds no token under another scheme: %j', (authorization) => {
    expect(outcome(authorization)).toEqual(missing)
  })

  const controls = ['\0', '\t', '\n', '\r', '\x0b', '\x7f']
  const outside = [
    ...Array.from(',;:"{}[]()<>@?\\!#$%&\'*^`|'),
    ' x',
    '\u00a0',
    'é',
    '😀',
    '\ud800',
    '=x',
  ]

  it.each([...controls, ...outside])('refuses a token with %j', (character) => {
    expect(outcome(`Bearer x${character}`)).toEqual(malformed)
  })

  it.each([
    'Bearer\tx',
    'Bearer\nx',
    'Bearer\u00a0x',
    'Bearer \tx',
    ' Bearer x',
    '\tBearer x',
    'Bearer, x',
    'Bearer: x',
    'Bearer=x',
    'Bearer ,',
    'Bearer =',
    ',',
    'Béarer x',
    '(Bearer) x',
  ])('refuses %j', (authorization) => {
    expect(outcome(authorization)).toEqual(malformed)
  })

  it.each([
    'Bearer a,Bearer b',
    'Bearer a, Bearer a',
    'Bearer a,DPoP b',
    'Bearer a,Basic YTpi',
    'Bearer a,',
    ',Bearer a',
    'Bearer,Bearer a',
    'DPoP a,Bearer b',
    'Basic YTpi,bearer b',
    'Basic YTpi,\tBEARER b',
    'Basic YTpi,Bearer',
  ])('refuses two credentials: %j', (authorization) => {
    expect(outcome(authorization)).toEqual(malformed)
  })

  it('takes a token of the longest length that is allowed, and none that is longer', () => {
    expect(defaultMaxTokenBytes).toBe(16_384)
    const longest = 'a'.repeat(16_384)
    expect(outcome(`Bearer ${longest}`)).toEqual(extracted(longest))
    expect(outcome(`Bearer ${longest}a`)).toEqual(malformed)
    expect(outcome('Bearer 1234', 4)).toEqual(extracted('1234'))
    expect(outcome('Bearer 12345', 4)).toEqual(malformed)
  })

  it.each([
    ['letters', 'a'.repeat(10_000_000)],
    ['spaces', ' '.repeat(10_000_000)],
    ['commas', ','.repeat(10_000_000)],
    ['padding', '='.repeat(10_000_000)],
  ])('refuses ten million %s without reading them', (_, credentials) => {
    const value = Buffer.from(`Bearer ${credentials}`).toString('latin1') // In one piece: to join pieces takes longest.
    const start = performance.now()
    for (let i = 0; i < 1_000; i++) {
      expect(extractAccessToken(value)).toEqual(malformed)
    }
    // To read 10 GB takes longer on every machine.
    expect(performance.now() - start).toBeLessThan(2_000)
  })
})
