import { describe, expect, it } from 'vitest'
import { VerificationKey } from '../../../src/jwks/verification-key.js'
import { signingKey } from '../../../src/token/signature.js'
import { createTestKey, type TestKey } from '../../support/authorization-server.js'
import { createNamedKey } from '../../support/named-key.js'
import { signJws } from '../../support/forged-jws.js'

function verificationKey({ jwk }: TestKey): VerificationKey {
  return new VerificationKey({ ...jwk, kty: jwk.kty! }, jwk.kid)
}

function token(key: TestKey): string {
  return signJws({ alg: 'ES256' }, '{}', key)
}

describe('signingKey', () => {
  it('is the first key that verifies, wherever it stands', async () => {
    const keys = await Promise.all(['a', 'b', 'c'].map((kid) => createNamedKey(kid)))
    const candidates = keys.map(verificationKey)
    for (const [index, key] of keys.entries()) {
      expect(await signingKey(token(key), candidates, 'ES256')).toBe(candidates[index])
    }
  })

  it('is none when no key verifies', async () => {
    const [key, other] = await Promise.all([createTestKey(), createTestKey()])
    expect(await signingKey(token(key), [verificationKey(other)], 'ES256')).toBeUndefined()
    expect(await signingKey(token(key), [], 'ES256')).toBeUndefined()
  })

  it('rejects when a key cannot be used, and does not blame the token', async () => {
    const key = await createTestKey()
    const broken = new VerificationKey({ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, 'broken')
    await expect(signingKey(token(key), [broken], 'ES256')).rejects.toThrow()
  })
})
