/** What the watching room is told. Declared here, so that nothing that decides imports a metric or a log. */
import type { CheckRequest } from './check-request.js'
import type { Decision } from './decision.js'

/** Through which kind of door a proxy asked. */
export type Door = 'envoy'

/** One decision as it left a door. */
export interface DecisionEvent {
  readonly decision: Decision
  /** Missing when the proxy's message could not be read. */
  readonly request: CheckRequest | undefined
  readonly decisionId: string
  /** The proxy's or the client's own name for the request. Untrusted. */
  readonly requestId: string | undefined
  readonly door: Door
  readonly durationMs: number
}

/** Listens to decisions. Must not throw. */
export interface CheckObserver {
  decided(event: DecisionEvent): void
}
