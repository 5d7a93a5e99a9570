/** Text on its way into a log line: no credential, no control character, no end. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redact, redactJwt, redactPath } from '../../../src/telemetry/redact.js'

/** As AWS load balancers send them. */
const padded = (part: string): string => part + '='.repeat((4 - (part.length % 4)) % 4)

const jwt = fc
  .tuple(fc.object(), fc.object(), fc.uint8Array({ minLength: 32, maxLength: 256 }))
  .map(([header, claims, signature]) =>
    [
      Buffer.from(JSON.stringify({ alg: 'ES256', ...header })).toString('base64url'),
      Buffer.from(JSON.stringify({ iss: 'https://issuer.example.com', ...claims })).toString(
        'base64url',
      ),
      Buffer.from(signature).toString('base64url'),
    ].join('.'),
  )

describe('redact', () => {
  it.each([
    ['a path', '/users/42/orders', '/users/42/orders'],
    ['a host', 'api.example.com', 'api.example.com'],
    ['a method', 'DELETE', 'DELETE'],
    ['a short id', 'req-12345', 'req-12345'],
    ['nothing', '', ''],
    ['a JWT', 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJl', '[redacted]'],
    ['a JWT in a path', '/a/eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln/b', '/a/[redacted]/b'],
    ['a JWT without signature', 'eyJhbGciOiJub25lIn0.eyJpc3MiOiJhIn0.', '[redacted]'],
    ['a JWE', 'eyJhbGciOiJkaXIifQ.a2V5.aXYtYXYtYXY.Y2lwaGVydGV4dA.dGFnLXRhZw', '[redacted]'],
    ['the start of a JWT', '/eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0', '/[redacted]'],
    ['an opaque token', '/t/8xLOxBtZp8d9f2Kq7VnR4sTeWmYcXaQb', '/t/[redacted]'],
    ['a UUID', '/t/123e4567-e89b-12d3-a456-426614174000', '/t/[redacted]'],
    ['hexadecimal', 'd41d8cd98f00b204e9800998ecf8427e', '[redacted]'],
    ['line ends', 'a\r\nlevel=error', 'a??level=error'],
    ['controls', 'a\u0000b\u001b[31mc\u007f', 'a?b?[31mc?'],
    ['other scripts', 'Käse\u2028', 'K?se?'],
  ])('of %s', (_name, text, expected) => {
    expect(redact(text)).toBe(expected)
  })

  it('leaves nothing of a JWT, wherever it stands', () => {
    const around = fc.string({ maxLength: 40 })
    fc.assert(
      fc.property(around, jwt, around, (before, token, after) => {
        const redacted = redact(`${before} ${token} ${after}`)
        for (const part of token.split('.')) {
          expect(redacted).not.toContain(part.slice(0, 24))
        }
      }),
    )
  })

  it.each([
    ['redact', redact],
    ['redactJwt', redactJwt],
    ['redactPath', redactPath],
    ['redactPath, percent-encoded', (text: string) => redactPath(text.replaceAll('=', '%3D'))],
    ['redactJwt, percent-encoded', (text: string) => redactJwt(text.replaceAll('=', '%3d'))],
  ])('leaves nothing of a padded JWT (%s)', (_name, redacted) => {
    fc.assert(
      fc.property(jwt, (token) => {
        const text = redacted(`a ${token.split('.').map(padded).join('.')} b`)
        for (const part of token.split('.')) expect(text).not.toContain(part.slice(0, 24))
      }),
    )
  })

  it('leaves nothing of a short padded JWT', () => {
    const token = 'eyJhbGciOiJFUzI1NiIsImtpZCI6ImEifQ==.eyJzdWIiOiJhIn0=.c2lnbmF0dXJl'
    for (const [before, after] of [
      ['', ''],
      ['/a/', '/b'],
    ] as const) {
      expect(redactJwt(`${before}${token}${after}`)).toBe(`${before}[redacted]${after}`)
    }
    expect(redact(token)).toBe('[redacted]')
  })

  it('leaves nothing of an opaque token of 32 characters', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 20 }),
        fc.stringMatching(/^[A-Za-z0-9_-]{32,80}$/),
        (before, opaque) => {
          expect(redact(`${before}/${opaque}`)).not.toContain(opaque.slice(0, 16))
        },
      ),
    )
  })

  it('gives at most 256 printable ASCII characters, however long the text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 1_500 }),
      fc.nat(3_000).map((length) => 'é/'.repeat(length)),
    )
    fc.assert(
      fc.property(text, (given) => {
        expect(redact(given)).toMatch(/^[\x20-\x7e]{0,256}$/)
      }),
    )
  })
})

describe('a hostile text', () => {
  it('takes no longer for being made of many starts', () => {
    // A thousand restarts over a thousand characters were seven milliseconds; counted, not timed.
    const text = 'a'.repeat(1_024)
    expect(redact(text)).toBe('[redacted]')
    expect(redact(`${'a-'.repeat(500)}.b`)).not.toContain('a-a-')
  })

  it('does not hide a token behind percent-encoding', () => {
    const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl'
    const hidden = token.replace(/./g, (c) => `%${c.charCodeAt(0).toString(16)}`)
    expect(redactPath(`/x/${hidden}`)).toBe('/x/[redacted]')
  })
})
