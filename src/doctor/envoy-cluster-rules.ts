/** The cluster that ext_authz asks: whether a lost gate is noticed, and whether a burst turns into refusals. */
import type { GateCluster } from './envoy-config.js'
import { at, items, number, seconds, type EnvoyNode } from './envoy-document.js'
import { seen } from './envoy-sighting.js'
import type { Rule, Sighting } from './finding.js'

const longestConnectSeconds = 1

/** The rules for the cluster of an ext_authz filter. */
export const envoyClusterRules: readonly Rule<GateCluster>[] = [
  {
    id: 'envoy/cluster-unknown',
    severity: 'warning',
    what: 'ext_authz asks a cluster that is not in this file, so it could not be looked at',
    mend: 'define the cluster in static_resources.clusters, or let the doctor see its file too',
    find: ({ node, reference }) => (node === undefined ? [{ at: reference.at }] : []),
  },
  {
    id: 'envoy/cluster-http2',
    severity: 'warning',
    what: 'gRPC is HTTP/2, and the cluster of Scopegate does not speak it: every request is refused',
    mend: 'set explicit_http_config: { http2_protocol_options: {} } in the HttpProtocolOptions of the cluster',
    find: (cluster) =>
      onCluster(cluster, (node) => seen(cluster.protocol === 'grpc' && !speaksHttp2(node), node)),
  },
  {
    id: 'envoy/cluster-connect-timeout',
    severity: 'warning',
    what: 'connect_timeout is missing or above 1 s: a dead gate takes the whole time that a check has',
    mend: 'set connect_timeout: 0.25s',
    find: (cluster) =>
      onCluster(cluster, (node) => {
        const timeout = seconds(node, 'connect_timeout') ?? Infinity
        return seen(timeout > longestConnectSeconds, node, 'connect_timeout')
      }),
  },
  {
    id: 'envoy/cluster-limits',
    severity: 'warning',
    what: 'the circuit breaker is at its default of 1024 checks under way: a burst turns into refusals',
    mend: 'set circuit_breakers: { thresholds: [{ max_requests: 10000, max_pending_requests: 10000, max_retries: 10000 }] }',
    find: (cluster) =>
      onCluster(cluster, (node) => {
        const isRaised = items(node, 'circuit_breakers', 'thresholds').some(
          (limits) =>
            number(limits, 'max_requests') !== undefined &&
            number(limits, 'max_pending_requests') !== undefined,
        )
        return seen(!isRaised, node, 'circuit_breakers')
      }),
  },
  {
    id: 'envoy/cluster-health-checks',
    severity: 'warning',
    what: 'no health_checks: Envoy asks gates that have no keys yet and gates that are about to leave',
    mend: 'add a grpc_health_check for envoy.service.auth.v3.Authorization, or an http_health_check for /readyz',
    find: (cluster) =>
      onCluster(cluster, (node) => seen(items(node, 'health_checks').length === 0, node)),
  },
]

function onCluster(
  { node }: GateCluster,
  find: (node: EnvoyNode) => readonly Sighting[],
): readonly Sighting[] {
  return node === undefined ? [] : find(node)
}

function protocolOptions(cluster: EnvoyNode): EnvoyNode | undefined {
  return at(
    cluster,
    'typed_extension_protocol_options',
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
  )
}

function speaksHttp2(cluster: EnvoyNode): boolean {
  const options = protocolOptions(cluster)
  return [
    at(cluster, 'http2_protocol_options'),
    at(options, 'explicit_http_config', 'http2_protocol_options'),
    at(options, 'auto_config'),
  ].some((node) => node !== undefined)
}
