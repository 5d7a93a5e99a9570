/** Which keys of a set may have signed a token. */
import type { JwsAlgorithm } from './algorithm.js'
import type { KeySet } from './key-set.js'
import type { VerificationKey } from './verification-key.js'

/** What a search for a verification key ends with. */
export type KeySearch =
  | { readonly kind: 'keys'; readonly keys: readonly VerificationKey[] }
  | { readonly kind: 'unknown_key' }
  | { readonly kind: 'algorithm_not_allowed' }
  | { readonly kind: 'unavailable'; readonly cause: unknown }
  /** The key would have to be asked for, and too many are: nothing is known of it. */
  | { readonly kind: 'overloaded' }

/** Which keys a token may be signed with. */
export interface WantedKey {
  readonly kid: string | undefined
  readonly algorithm: JwsAlgorithm
}

const maxCandidates = 16

/** A token without `kid` is tried with the fitting keys, up to a bound; one with `kid` only with keys of that name. */
export function searchKeys(set: KeySet, { kid, algorithm }: WantedKey): KeySearch {
  const named =
    kid === undefined || set.isNameless === true
      ? set.keys
      : set.keys.filter((key) => key.kid === kid)
  if (named.length === 0) return { kind: 'unknown_key' }
  const keys = named.filter((key) => key.fits(algorithm)).slice(0, maxCandidates)
  if (keys.length > 0) return { kind: 'keys', keys }
  return { kind: kid === undefined ? 'unknown_key' : 'algorithm_not_allowed' }
}
