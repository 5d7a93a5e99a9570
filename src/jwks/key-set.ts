/**
 * A key set: the keys of one JWKS document (RFC 7517) that may verify signatures.
 *
 * The rules are:
 *   - a key that is not a public signature key of sufficient strength is left out and counted, never used;
 *   - a document without a usable key, or with too many keys, is a fault of the source and not an empty key set.
 */
import { calculateJwkThumbprint, importJWK, type JWK } from 'jose'
import { isJwsAlgorithm, jwsAlgorithms, type JwsAlgorithm } from './algorithm.js'
import { certifiedJwk, type CertificateRules } from './certificate-chain.js'
import { VerificationKey } from './verification-key.js'

/** The usable keys of one JWKS document. */
export interface KeySet {
  readonly keys: readonly VerificationKey[]
  /** How many keys of the document are not used. */
  readonly refusedKeys: number
  /** Whether the set may be written down: not when it is a secret, or a certificate is all that speaks for a key. */
  readonly isKeepable: boolean
  /** Whether its keys have no names, so that a token may name them as it likes. */
  readonly isNameless?: boolean
}

/** More keys than any issuer publishes; a larger set is an attack on memory and time. */
export const maxKeys = 200
/** RFC 7515 gives no limit for `kid`; longer ones are nobody's. */
export const maxKidLength = 256
const minRsaBits = 2048 // RFC 7518 section 3.3
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** A document in which certificates speak for none of the keys: the operator's anchors, or the certificates, changed. */
export class KeysNotCertifiedError extends Error {
  readonly code = 'ERR_SCOPEGATE_KEYS_NOT_CERTIFIED'
}

/** Reads a JWKS document. Rejects with a sentence that names no key material when there is nothing to use in it. */
export async function parseKeySet(document: unknown, rules: CertificateRules): Promise<KeySet> {
  if (typeof document !== 'object' || document === null || !('keys' in document)) {
    throw new Error('the document is not a JWKS: it has no "keys"')
  }
  const published: unknown = document.keys
  if (!Array.isArray(published)) throw new Error('"keys" of the JWKS is not a list')
  if (published.length > maxKeys) {
    throw new Error(
      `the JWKS has ${String(published.length)} keys, more than the ${String(maxKeys)} allowed`,
    )
  }
  const parsed = await Promise.all(published.map((jwk: unknown) => parseKey(jwk, rules)))
  const keys = parsed.filter((key) => key instanceof VerificationKey)
  if (keys.length === 0 && parsed.includes('not certified') && rules.trustAnchors !== undefined) {
    throw new KeysNotCertifiedError('no key of the JWKS has a certificate of the trust anchors')
  }
  if (keys.length === 0) throw new Error('the JWKS has no usable public signature key')
  return {
    keys,
    refusedKeys: parsed.length - keys.length,
    isKeepable: keys.every(({ certifiedUntilMs }) => certifiedUntilMs === undefined),
  }
}

async function parseKey(
  published: unknown,
  rules: CertificateRules,
): Promise<VerificationKey | 'not certified' | undefined> {
  if (typeof published !== 'object' || published === null) return undefined
  const certified = await certifiedJwk(published as Record<string, unknown>, rules).catch(
    () => 'not certified' as const,
  )
  if (certified === 'not certified') return certified
  try {
    const { jwk, certifiedUntilMs } = certified
    if (!isPublicSignatureKey(jwk)) return undefined
    const algorithm = importAlgorithm(jwk)
    if (algorithm === undefined) return undefined
    await importJWK(jwk, algorithm) // Proves that an EC point is on its curve and that the members decode.
    return new VerificationKey(jwk, await calculateJwkThumbprint(jwk), certifiedUntilMs)
  } catch {
    return undefined // Fail closed: a key that cannot be imported verifies nothing.
  }
}

function isPublicSignatureKey(
  key: Record<string, unknown>,
): key is Record<string, unknown> & { kty: string } {
  if (privateMembers.some((member) => Object.hasOwn(key, member))) return false
  if (!['kid', 'alg', 'use', 'crv'].every((name) => isOptionalString(key[name]))) return false
  if (key['use'] !== undefined && key['use'] !== 'sig') return false
  const operations = key['key_ops']
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return false
  }
  if (typeof key['kid'] === 'string' && key['kid'].length > maxKidLength) return false
  return key['kty'] === 'RSA' ? isStrongRsaKey(key) : key['kty'] === 'EC' || key['kty'] === 'OKP'
}

function isStrongRsaKey(key: Record<string, unknown>): boolean {
  if (typeof key['n'] !== 'string' || typeof key['e'] !== 'string') return false
  const modulus = BigInt(`0x0${Buffer.from(key['n'], 'base64url').toString('hex')}`)
  const exponent = BigInt(`0x0${Buffer.from(key['e'], 'base64url').toString('hex')}`)
  const bits = modulus.toString(2).length
  return bits >= minRsaBits && bits <= 16_384 && exponent >= 3n && (exponent & 1n) === 1n
}

function importAlgorithm(jwk: JWK & { kty: string }): JwsAlgorithm | undefined {
  if (jwk.alg === 'HS256') return undefined // Fail closed: secrets are not published.
  if (jwk.alg !== undefined) return isJwsAlgorithm(jwk.alg) ? jwk.alg : undefined
  const probe = new VerificationKey(jwk, '')
  return jwsAlgorithms.find((algorithm) => probe.fits(algorithm))
}

function isOptionalString(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}
