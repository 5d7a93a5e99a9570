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

/** What is known of the caller, for logs and metadata. */
export interface Principal {
  readonly token: VerifiedAccessToken
  readonly client: string | undefined
  readonly scopes: ReadonlySet<string>
}

/** The request may pass. `principal` is missing on public routes. */
export interface Allow {
  readonly outcome: 'allow'
  readonly labels: DecisionLabels
  readonly route: Route
  readonly principal: Principal | undefined
  readonly identityHeaders: IdentityHeaders
}

/** The request may not pass, or nobody could tell. */
export interface Refusal {
  readonly outcome: 'deny' | 'unavailable'
  readonly labels: DecisionLabels
  readonly reason: Reason
  readonly route: Route | undefined
  readonly principal: Principal | undefined
  readonly challenge: Challenge | undefined
}

/** The decision on one request. */
export type Decision = Allow | Refusal
