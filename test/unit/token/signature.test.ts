import { beforeAll, describe, expect, it, vi } from 'vitest'
import { jwsAlgorithms, type JwsAlgorithm } from '../../../src/jwks/index.js'
import { secretKeySet } from '../../../src/jwks/secret.js'
import { VerificationKey } from '../../../src/jwks/verification-key.js'
import { signingKey } from '../../../src/token/signature.js'
import { createTestKey, type TestKey } from '../../support/authorization-server.js'
import { hmacJws, signJws } from '../../support/forged-jws.js'
import { createNamedKey } from '../../support/named-key.js'

let rsa: TestKey
beforeAll(async () => {
  rsa = await createTestKey('RS256')
})

function verificationKey({ jwk }: TestKey): VerificationKey {
  const { alg, ...published } = jwk
  expect(alg).toBeDefined()
  return new VerificationKey({ ...published, kty: jwk.kty! }, jwk.kid)
}

function token(key: TestKey): string {
  return signJws({ alg: key.algorithm }, '{}', key)
}

/** A key for the algorithm; one RSA key serves all that take one. */
async function keyFor(algorithm: JwsAlgorithm): Promise<TestKey> {
  if (/^[RP]S/.test(algorithm)) return { ...rsa, algorithm }
  return { ...(await createTestKey(algorithm)), algorithm }
}

describe('signingKey', () => {
  it.each(jwsAlgorithms.filter((name) => name !== 'HS256'))(
    'verifies %s, and nothing that was changed after signing',
    async (name) => {
      const key = await keyFor(name)
      const candidates = [verificationKey(key)]
      expect(await signingKey(token(key), candidates, name)).toBe(candidates[0])
      const changed = token(key).replace(/\.[^.]+\./, '.e30A.')
      expect(await signingKey(changed, candidates, name)).toBeUndefined()
    },
  )

  it('verifies HS256 with its secret, and nothing else', async () => {
    const secret = 'k6Wq0zJ3vTn9XcB1yLrE8hUaPdGm5sOf'
    const { keys } = secretKeySet(Buffer.from(secret))
    const signed = (by: string): string => hmacJws({ alg: 'HS256' }, '{}', by)
    expect(await signingKey(signed(secret), keys, 'HS256')).toBe(keys[0])
    expect(await signingKey(signed(`${secret}x`), keys, 'HS256')).toBeUndefined()
    expect(
      await signingKey(signed(secret).replace(/\.[^.]+\./, '.e30A.'), keys, 'HS256'),
    ).toBeUndefined()
  })

  it.each(jwsAlgorithms.filter((name) => /^[RP]S/.test(name)))(
    'does not take a signature of %s for one of another RSA algorithm',
    async (name) => {
      const key = await keyFor(name)
      for (const other of jwsAlgorithms.filter((one) => /^[RP]S/.test(one) && one !== name)) {
        const relabelled = signJws({ alg: other }, '{}', key)
        expect(await signingKey(relabelled, [verificationKey(key)], other)).toBeUndefined()
      }
    },
  )

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

  it('is none for what is no JWS', async () => {
    const key = verificationKey(await createTestKey())
    for (const text of ['', 'a.b.c', '..', 'e30.e30']) {
      expect(await signingKey(text, [key], 'ES256')).toBeUndefined()
    }
  })

  it('rejects when a key cannot be imported, and does not blame the token', async () => {
    const broken = new VerificationKey({ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, 'broken')
    const signing = signingKey(token(await createTestKey()), [broken], 'ES256')
    await expect(signing).rejects.toThrow()
  })

  it('rejects when a secret was found for a public key, or the other way round', async () => {
    const key = await createTestKey()
    const secret = verificationKey(key)
    vi.spyOn(secret, 'cryptoKey').mockResolvedValue(new Uint8Array(32))
    await expect(signingKey(token(key), [secret], 'ES256')).rejects.toThrow(TypeError)
    const signed = hmacJws({ alg: 'HS256' }, '{}', 'k6Wq0zJ3vTn9XcB1yLrE8hUaPdGm5sOf')
    const publicKey = verificationKey(key)
    vi.spyOn(publicKey, 'cryptoKey').mockResolvedValue(rsa.privateKey)
    await expect(signingKey(signed, [publicKey], 'HS256')).rejects.toThrow(TypeError)
  })

  it('rejects when a key cannot be used, and does not blame the token', async () => {
    const key = await createTestKey()
    const unusable = verificationKey(key)
    vi.spyOn(unusable, 'cryptoKey').mockResolvedValue(rsa.privateKey)
    await expect(signingKey(token(key), [unusable], 'ES256')).rejects.toThrow(
      'Unable to use this key to verify',
    )
  })
})
