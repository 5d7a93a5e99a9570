/**
 * The signature of a JWS (RFC 7515 section 5.2), by WebCrypto; jose has made the keys (ADR 0036).
 *
 * The rules are:
 *   - the algorithm is in the key, too: one that was imported for another algorithm, hash or curve is refused by WebCrypto;
 *   - a signature that does not verify is a property of the token; anything else that goes wrong is a fault of ours and is
 *     thrown on, so that it never looks like an invalid token.
 */
import { createHmac, timingSafeEqual, webcrypto } from 'node:crypto'
import type { JwsAlgorithm, VerificationKey } from '../jwks/index.js'

type Parameters = webcrypto.AlgorithmIdentifier | webcrypto.RsaPssParams | webcrypto.EcdsaParams

/** RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1. The salt of PSS is as long as the hash. */
const parameters: Readonly<Record<Exclude<JwsAlgorithm, 'HS256'>, Parameters>> = {
  RS256: { name: 'RSASSA-PKCS1-v1_5' },
  RS384: { name: 'RSASSA-PKCS1-v1_5' },
  RS512: { name: 'RSASSA-PKCS1-v1_5' },
  PS256: { name: 'RSA-PSS', saltLength: 32 },
  PS384: { name: 'RSA-PSS', saltLength: 48 },
  PS512: { name: 'RSA-PSS', saltLength: 64 },
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  ES384: { name: 'ECDSA', hash: 'SHA-384' },
  ES512: { name: 'ECDSA', hash: 'SHA-512' },
  EdDSA: { name: 'Ed25519' },
  Ed25519: { name: 'Ed25519' },
}

/**
 * The first key whose signature it is, or undefined when none of them verifies it. The header has to have been read: it is not
 * looked at here, and `algorithm` is what it names. Rejects on faults.
 */
export async function signingKey(
  accessToken: string,
  keys: readonly VerificationKey[],
  algorithm: JwsAlgorithm,
): Promise<VerificationKey | undefined> {
  const dotAt = accessToken.lastIndexOf('.')
  if (dotAt < 0) return undefined
  const signed = Buffer.from(accessToken.slice(0, dotAt), 'latin1')
  const signature = Buffer.from(accessToken.slice(dotAt + 1), 'base64url')
  for (const key of keys) {
    if (await isSignedBy(key, algorithm, signed, signature)) return key
  }
  return undefined
}

async function isSignedBy(
  key: VerificationKey,
  algorithm: JwsAlgorithm,
  signed: Buffer,
  signature: Buffer,
): Promise<boolean> {
  const material = await key.cryptoKey(algorithm)
  const isSecret = material instanceof Uint8Array
  if (algorithm === 'HS256') {
    if (!isSecret) throw new TypeError('a key that is no secret was found for HS256')
    const expected = createHmac('sha256', material).update(signed).digest()
    return signature.length === expected.length && timingSafeEqual(signature, expected)
  }
  if (isSecret) throw new TypeError(`a secret was found for ${algorithm}`)
  return await webcrypto.subtle.verify(parameters[algorithm], material, signature, signed)
}
