/** Golden strings of RFC 6750 section 3 challenges (standards 1R, G1 to G6). */
import { describe, expect, it } from 'vitest'
import { formatChallenge, type Challenge } from '../../../src/bearer/index.js'
import { quotedString } from '../../../src/bearer/challenge.js'

describe('formatChallenge', () => {
  const resourceMetadata = 'https://api.example.com/.well-known/oauth-protected-resource/orders'
  const challenges: [string, Challenge, string][] = [
    ['the realm alone', { realm: 'example' }, 'Bearer realm="example"'],
    [
      'G1, no credentials',
      { realm: 'api', scopes: ['orders:read'], resourceMetadata },
      `Bearer realm="api", scope="orders:read", resource_metadata="${resourceMetadata}"`,
    ],
    [
      'G3, an expired token',
      {
        realm: 'example',
        error: 'invalid_token',
        errorDescription: 'The access token expired',
      },
      'Bearer realm="example", error="invalid_token", error_description="The access token expired"',
    ],
    [
      'G5, a scope that is lacking',
      {
        realm: 'api',
        error: 'insufficient_scope',
        scopes: ['orders:read', 'orders:write'],
        resourceMetadata,
      },
      `Bearer realm="api", error="insufficient_scope", scope="orders:read orders:write", resource_metadata="${resourceMetadata}"`,
    ],
    [
      'G6, two credentials',
      {
        realm: 'api',
        error: 'invalid_request',
        errorDescription: 'Multiple methods used to include access token',
      },
      'Bearer realm="api", error="invalid_request", error_description="Multiple methods used to include access token"',
    ],
    [
      'every part',
      {
        resourceMetadata: 'https://a.example/',
        scopes: ['b', 'a'],
        errorDescription: 'words',
        error: 'invalid_token',
        realm: 'r',
      },
      'Bearer realm="r", error="invalid_token", error_description="words", scope="b a", resource_metadata="https://a.example/"',
    ],
    ['an empty list of scopes', { realm: 'r', scopes: [] }, 'Bearer realm="r"'],
    ['a realm with quotes', { realm: 'a "b" \\ c' }, 'Bearer realm="a \\"b\\" \\\\ c"'],
    [
      'a realm that tries to end the header',
      { realm: 'a\r\nset-cookie: b=c' },
      'Bearer realm="a??set-cookie: b=c"',
    ],
    ['a realm in other scripts', { realm: 'é😀\u2028' }, 'Bearer realm="????"'],
  ]

  it.each(challenges)('is exact for %s', (_, challenge, value) => {
    expect(formatChallenge(challenge)).toBe(value)
  })
})

describe('quotedString', () => {
  it.each([
    ['', '""'],
    ['a, b=c', '"a, b=c"'],
    ['"', '"\\""'],
    ['\\', '"\\\\"'],
    ['\\"', '"\\\\\\""'],
    ['\t\0\x7f', '"???"'],
  ])('of %j is %s', (text, quoted) => {
    expect(quotedString(text)).toBe(quoted)
  })
})
