/**
 * Envoy's ext_authz over HTTP, and the Gateway API's ExternalAuth in HTTP mode: the original method, the original
 * target behind the prefix, the original Host. An allow is exactly 200.
 *
 * Envoy takes every 5xx for a failure of the gate and hands the verdict to its failure_mode_allow. Unless the
 * configuration defers to it, "cannot decide" is therefore 429, which Envoy relays, which has a Retry-After as 503 has,
 * and which gRPC clients see as UNAVAILABLE (ADR 0016).
 */
import type { Dialect } from './dialect.js'

/** The dialect; `defersUnavailable` lets Envoy's failure_mode_allow decide when the gate cannot. */
export function envoyHttp(defersUnavailable: boolean): Dialect {
  return {
    door: 'envoy-http',
    prefix: '/envoy',
    isTransparent: true,
    fields: { host: 'host' },
    foldStatus: (status) => (status >= 500 && !defersUnavailable ? 429 : status),
    removeWith: 'x-envoy-auth-headers-to-remove',
  }
}
