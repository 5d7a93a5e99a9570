/** Secrets for HS256: which are good enough, and that none is told. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { secretKeySet } from '../../../src/jwks/secret.js'

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })

describe('a secret', () => {
  it('is used as the file has it, without one line end', async () => {
    const secret = Buffer.concat([randomBytes(31), Buffer.from('!')]) // the last byte is no line end by chance
    for (const end of ['', '\n', '\r\n']) {
      const { keys, isKeepable } = secretKeySet(Buffer.concat([secret, Buffer.from(end)]))
      expect(await keys[0]!.cryptoKey('HS256')).toEqual(new Uint8Array(secret))
      expect(keys[0]!.publicJwk).toEqual({ kty: 'oct', alg: 'HS256' })
      expect(isKeepable).toBe(false)
    }
    const spaced = Buffer.concat([secret, Buffer.from(' \n\n')])
    const { keys } = secretKeySet(spaced)
    expect(await keys[0]!.cryptoKey('HS256')).toEqual(new Uint8Array(spaced.subarray(0, -1)))
  })

  it('verifies HS256 and nothing else', () => {
    const [key] = secretKeySet(randomBytes(64)).keys
    expect(
      ['HS256', 'RS256', 'ES256', 'EdDSA'].filter((name) => key!.fits(name as 'HS256')),
    ).toEqual(['HS256'])
  })

  it.each([
    ['empty', '', /less than 256 bits/],
    ['of 31 bytes', 'abcdefghijklmnopqrstuvwxyz01234', /less than 256 bits/],
    ['of 31 bytes and a line end', 'abcdefghijklmnopqrstuvwxyz01234\n', /less than 256 bits/],
    ['of zeros', '\0'.repeat(64), /hardly varies/],
    ['of one word again and again', 'abc'.repeat(30), /hardly varies/],
    ['too long', randomBytes(4_097).toString('hex'), /too long/],
    [
      'a public key in PEM',
      publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      /no secret/,
    ],
    ['a public key as JWK', JSON.stringify(publicKey.export({ format: 'jwk' })), /no secret/],
    ['of a famous page', 'a-string-secret-at-least-256-bits-long', /everybody knows/],
    [
      'of a famous template',
      'super-secret-jwt-token-with-at-least-32-characters-long\n',
      /everybody knows/,
    ],
  ])('is not one %s, and is not told', (_, text, message) => {
    const refuse = (): unknown => secretKeySet(Buffer.from(text, 'latin1'))
    expect(refuse).toThrow(message)
    expect(refuse).not.toThrow(text.trim() === '' ? /\0/ : text.trim().slice(0, 20))
  })
})
