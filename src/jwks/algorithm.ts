/**
 * Which JWS algorithms exist here, and which key each one takes (RFC 7518 section 3, RFC 8037, RFC 9864).
 * The one symmetric algorithm takes secrets only, and no key set that is fetched has any: it cannot be confused with a
 * public key.
 */

/** A JWS algorithm that can be configured. */
export type JwsAlgorithm =
  | `${'RS' | 'PS'}${'256' | '384' | '512'}`
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519'
  | 'HS256'

const keyTypes: Readonly<Record<JwsAlgorithm, { readonly kty: string; readonly crv?: string }>> = {
  RS256: { kty: 'RSA' },
  RS384: { kty: 'RSA' },
  RS512: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  PS384: { kty: 'RSA' },
  PS512: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519' },
  HS256: { kty: 'oct' },
}

/** Every algorithm, in the order in which documents list them. */
export const jwsAlgorithms: readonly JwsAlgorithm[] = Object.keys(keyTypes) as JwsAlgorithm[]

/** Whether the text is the exact name of an algorithm; names are case-sensitive (RFC 7515 section 4.1.1). */
export function isJwsAlgorithm(name: string): name is JwsAlgorithm {
  return Object.hasOwn(keyTypes, name)
}

/**
 * Whether a key may verify with an algorithm: its type and curve fit, and when the key names an algorithm it is this
 * one (RFC 8725 section 3.1: one key, one algorithm). EdDSA and Ed25519 name the same algorithm for an Ed25519 key.
 */
export function algorithmFitsKey(
  algorithm: JwsAlgorithm,
  key: {
    readonly kty: string
    readonly crv?: string | undefined
    readonly alg?: string | undefined
  },
): boolean {
  const needed = keyTypes[algorithm]
  if (needed.kty !== key.kty || (needed.crv !== undefined && needed.crv !== key.crv)) return false
  return key.alg === undefined || canonicalName(key.alg) === canonicalName(algorithm)
}

function canonicalName(algorithm: string): string {
  return algorithm === 'EdDSA' ? 'Ed25519' : algorithm
}
