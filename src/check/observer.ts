/** What the watching room is told. Declared here, so that nothing that decides imports a metric or a log. */
import type { CheckRequest } from './check-request.js'
import type { Decision } from './decision.js'

/** Through which door a proxy asked. `http` is a question on the HTTP port that belongs to none of its dialects. */
export type Door =
  'envoy' | 'envoy-http' | 'nginx' | 'ingress-nginx' | 'traefik' | 'caddy' | 'haproxy' | 'http'

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
  /** What is wrong with the question itself, for operators: a fixed text, nothing that was sent. */
  readonly fault?: string | undefined
}

/** Listens to decisions. Must not throw. */
export interface CheckObserver {
  decided(event: DecisionEvent): void
}
