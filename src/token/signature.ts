/**
 * The signature of a JWS (RFC 7515 section 5.2), by jose.
 *
 * jose's errors are read here and nowhere else. A signature that does not verify is a property of the token; anything
 * else that goes wrong is a fault of ours and is thrown on, so that it never looks like an invalid token.
 */
import { compactVerify, errors } from 'jose'
import type { JwsAlgorithm, VerificationKey } from '../jwks/index.js'

/** The first key whose signature it is, or undefined when none of them verifies it. Rejects on faults. */
export async function signingKey(
  accessToken: string,
  keys: readonly VerificationKey[],
  algorithm: JwsAlgorithm,
): Promise<VerificationKey | undefined> {
  for (const key of keys) {
    const cryptoKey = await key.cryptoKey(algorithm)
    try {
      await compactVerify(accessToken, cryptoKey, { algorithms: [algorithm] })
      return key
    } catch (error) {
      if (!isVerdictOnToken(error)) throw error
    }
  }
  return undefined
}

function isVerdictOnToken(error: unknown): boolean {
  return (
    error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWSInvalid
  )
}
