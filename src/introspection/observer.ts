/** What the watching rooms are told, in words of a closed set. */
import type { Suspension } from './token-circuits.js'

/**
 * What became of a question: `active` and `inactive` are the issuer's word, `refused` is active but against our rules;
 * `failed` is no usable answer. The last two never went out.
 */
export type IntrospectionResult =
  'active' | 'inactive' | 'refused' | 'failed' | 'circuit_open' | 'limited'

/** Listens to introspection. Must not throw. */
export interface IntrospectionObserver {
  /** One question ended; `seconds` is undefined when it never went out. */
  asked(issuerId: string, result: IntrospectionResult, seconds: number | undefined): void
  /** A circuit opened because of `fault`, for the tokens of `whose`; or all are closed again, when it is undefined. */
  circuit(issuerId: string, fault: string | undefined, whose?: Suspension): void
  /** The first fault in a row: a sentence without a secret and without a token. */
  failing(issuerId: string, fault: string): void
}
