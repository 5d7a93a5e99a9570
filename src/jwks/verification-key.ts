/**
 * One public key of a key set.
 *
 * A key object outlives refreshes: while the issuer keeps publishing the key, the same object stays and its trust is
 * extended; when the key is dropped, its trust ends at once, and with it everything that was verified with it.
 */
import { importJWK, type CryptoKey, type JWK } from 'jose'
import { algorithmFitsKey, type JwsAlgorithm } from './algorithm.js'

/** A key that may verify signatures of one issuer. */
export class VerificationKey {
  readonly kid: string | undefined
  /** RFC 7638 thumbprint: what makes two published keys the same key. */
  readonly thumbprint: string
  readonly algorithm: string | undefined
  /** Monotonic milliseconds until which the key is trusted; 0 once the issuer dropped it. */
  trustedUntilMs = 0
  readonly #jwk: JWK & { kty: string }
  readonly #imported = new Map<JwsAlgorithm, Promise<CryptoKey>>()

  constructor(jwk: JWK & { kty: string }, thumbprint: string) {
    this.kid = jwk.kid
    this.thumbprint = thumbprint
    this.algorithm = jwk.alg
    this.#jwk = jwk
  }

  /** Whether the key may verify with the algorithm. */
  fits(algorithm: JwsAlgorithm): boolean {
    return algorithmFitsKey(algorithm, this.#jwk)
  }

  /** The key in the form that jose takes, imported once for each algorithm. Rejects when it cannot be imported. */
  async cryptoKey(algorithm: JwsAlgorithm): Promise<CryptoKey> {
    let imported = this.#imported.get(algorithm)
    if (imported === undefined) {
      imported = importJWK(this.#jwk, algorithm) as Promise<CryptoKey>
      this.#imported.set(algorithm, imported)
    }
    return await imported
  }
}
