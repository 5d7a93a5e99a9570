/**
 * One public key of a key set.
 *
 * A key object outlives refreshes: while the issuer keeps publishing the key, the same object stays and its trust is
 * extended; when the key is dropped, its trust ends at once, and with it everything that was verified with it.
 */
import { importJWK, type CryptoKey, type JWK } from 'jose'
import { algorithmFitsKey, type JwsAlgorithm } from './algorithm.js'

/** RFC 7517 section 4, RFC 7518 sections 6.2.1 and 6.3.1, RFC 8037 section 2. */
const publicMembers = ['kty', 'kid', 'alg', 'use', 'key_ops', 'crv', 'x', 'y', 'n', 'e'] as const
/** Says whose tokens the key signs, in sets that several issuers share (Microsoft Entra). */
const issuerMember = 'issuer'

/** A key that may verify signatures of one issuer. */
export class VerificationKey {
  readonly kid: string | undefined
  /** RFC 7638 thumbprint: what makes two published keys the same key. */
  readonly thumbprint: string
  readonly algorithm: string | undefined
  /** Whose tokens the key signs, as the set says; undefined when it does not. Nothing here heeds it. */
  readonly issuer: string | undefined
  /** Monotonic milliseconds until which the key is trusted; 0 once the issuer dropped it. */
  trustedUntilMs = 0
  /** Monotonic milliseconds at which the source was last seen to have the key. */
  readAtMs = 0
  /** Grows with every search that finds the key; only counted where keys are read one by one. */
  lastUse = 0
  /** Wall milliseconds until which certificates speak for the key; undefined when none has to. */
  readonly certifiedUntilMs: number | undefined
  readonly #jwk: JWK & { kty: string }
  readonly #imported = new Map<JwsAlgorithm, Promise<CryptoKey | Uint8Array>>()

  constructor(jwk: JWK & { kty: string }, thumbprint: string, certifiedUntilMs?: number) {
    this.kid = jwk.kid
    this.thumbprint = thumbprint
    this.algorithm = jwk.alg
    const issuer = (jwk as Readonly<Record<string, unknown>>)[issuerMember]
    this.issuer = typeof issuer === 'string' ? issuer : undefined
    this.certifiedUntilMs = certifiedUntilMs
    this.#jwk = jwk
  }

  /** The same key in an object of its own, trusted as long. */
  copy(): VerificationKey {
    const key = new VerificationKey(this.#jwk, this.thumbprint, this.certifiedUntilMs)
    key.trustedUntilMs = this.trustedUntilMs
    key.readAtMs = this.readAtMs
    key.lastUse = this.lastUse
    return key
  }

  /** The key as it may be written down: its name, its use and its public members. */
  get publicJwk(): JWK {
    const members = publicMembers
      .filter((name) => this.#jwk[name] !== undefined)
      .map((name): [string, unknown] => [name, this.#jwk[name]])
    if (this.issuer !== undefined) members.push([issuerMember, this.issuer])
    return Object.fromEntries(members)
  }

  /** Whether the key is a secret, of which not even a hash is shown. */
  get isSecret(): boolean {
    return this.#jwk.kty === 'oct'
  }

  /** Whether the key may verify with the algorithm. */
  fits(algorithm: JwsAlgorithm): boolean {
    return algorithmFitsKey(algorithm, this.#jwk)
  }

  /** The key in the form that jose takes, imported once for each algorithm. Rejects when it cannot be imported. */
  async cryptoKey(algorithm: JwsAlgorithm): Promise<CryptoKey | Uint8Array> {
    let imported = this.#imported.get(algorithm)
    if (imported === undefined) {
      imported = importJWK(this.#jwk, algorithm)
      this.#imported.set(algorithm, imported)
    }
    return await imported
  }
}
