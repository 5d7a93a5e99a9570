/**
 * What a check ends with. A denial is a value and so is the fact that no decision could be made; neither is ever an
 * allow, and neither is ever thrown.
 *
 * Decisions are shared: the same token on the same route, or the same reason on the same route, gives the same object.
 * A door may therefore keep what it made of one.
 */
import type { Challenge } from '../bearer/index.js'
import type { Route } from '../policy/index.js'
import type { VerifiedAccessToken } from '../token/index.js'
import type { IdentityHeaders } from './identity-headers.js'
import type { Reason } from './reason.js'

/** What a decision is counted under. From the configuration and closed sets only; one object for each combination. */
export interface DecisionLabels {
  readonly decision: 'allow' | 'deny' | 'error'
  readonly reason: Reason | 'none'
  readonly route: string
  readonly issuer: string
}

/** An answer that a door has made of a decision, and those that were made before it. */
export interface KeptAnswer {
  /** Whose answer it is. */
  readonly maker: object
  readonly format: string
  readonly answer: unknown
  readonly next: KeptAnswer | undefined
}

/**
 * Where doors keep what they made of a decision. It is on the decision, because V8 lets no value of a WeakMap go before
 * it has looked through the whole heap: each token that came once then grew old in it (ADR 0030).
 */
interface WithAnswers {
  /** For {@link PreparedAnswers} alone. */
  answers?: KeptAnswer | undefined
}

/** What is known of the caller, for logs and metadata. */
export interface Principal {
  readonly token: VerifiedAccessToken
  readonly client: string | undefined
  readonly scopes: ReadonlySet<string>
}

/** The request may pass. `principal` is missing on public routes. */
export interface Allow extends WithAnswers {
  readonly outcome: 'allow'
  readonly labels: DecisionLabels
  readonly route: Route
  readonly principal: Principal | undefined
  readonly identityHeaders: IdentityHeaders
}

/** The request may not pass, or nobody could tell. */
export interface Refusal extends WithAnswers {
  readonly outcome: 'deny' | 'unavailable'
  readonly labels: DecisionLabels
  readonly reason: Reason
  readonly route: Route | undefined
  readonly principal: Principal | undefined
  readonly challenge: Challenge | undefined
}

/** The decision on one request. */
export type Decision = Allow | Refusal
