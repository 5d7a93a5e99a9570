/** One configuration for each thing that a rule finds in clusters, connection managers and routes: a good file with one thing changed. */
import {
  anyEntry,
  before,
  grpc,
  http,
  perFilter,
  perRoute,
  router,
  withConnection,
} from './envoy-edits.js'
import type { DoctorCase } from './examined.js'

/** All of them. */
export const envoyConnectionCases: readonly DoctorCase[] = [
  http(
    'a cluster that is not there',
    ['cluster: scopegate,', 'cluster: other,'],
    ['envoy/cluster-unknown', 'cluster: other,'],
  ),
  grpc(
    'gRPC over HTTP/1.1',
    [
      'http2_protocol_options:\n              connection_keepalive',
      'http_protocol_options:\n              x',
    ],
    ['envoy/cluster-http2', '- name: scopegate'],
  ),
  grpc(
    'a long time to connect',
    ['connect_timeout: 0.25s', 'connect_timeout: 5s'],
    ['envoy/cluster-connect-timeout', 'connect_timeout: 5s'],
  ),
  grpc(
    'the default time to connect',
    ['connect_timeout: 0.25s', ''],
    ['envoy/cluster-connect-timeout', '- name: scopegate'],
  ),
  grpc(
    'the default circuit breaker',
    ['max_requests: 10000, ', ''],
    ['envoy/cluster-limits', 'circuit_breakers:'],
  ),
  http(
    'no health checks',
    ['health_checks:', 'outlier_detection: {}\n      x:'],
    ['envoy/cluster-health-checks', '- name: scopegate'],
  ),
  grpc(
    'a listener without a gate',
    [
      "typed_config:\n                      '@type': type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
      "typed_config:\n                      '@type': type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer",
    ],
    ['envoy/no-gate', 'http_filters:'],
  ),
  grpc('a listener that only redirects', [
    [
      "typed_config:\n                      '@type': type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
      "typed_config:\n                      '@type': type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer",
    ],
    ['route: { cluster: upstream, timeout: 15s }', 'redirect: { https_redirect: true }'],
  ]),
  grpc(
    'upgrades without a gate',
    withConnection(
      "upgrade_configs: [{ upgrade_type: websocket, filters: [{ name: envoy.filters.http.router, typed_config: { '@type': type.googleapis.com/envoy.extensions.filters.http.router.v3.Router } }] }]",
    ),
    ['envoy/upgrade-without-gate', 'upgrade_configs:'],
  ),
  grpc(
    'upgrades through the gate',
    withConnection('upgrade_configs: [{ upgrade_type: websocket }]'),
  ),
  grpc('a cache before the gate', before('cache', 'cache.v3.CacheConfig'), [
    'envoy/answer-before-gate',
    '- name: cache',
  ]),
  grpc(
    'code before the gate',
    [before('x', 'lua.v3.Lua'), before('envoy.filters.http.golang', 'golang.v3alpha.Config')],
    ['envoy/change-before-gate', '- name: x'],
    ['envoy/change-before-gate', '- name: envoy.filters.http.golang'],
  ),
  grpc('harmless filters before the gate', [
    before('cors', 'cors.v3.Cors'),
    before('jwt', 'jwt_authn.v3.JwtAuthentication'),
    before('limit', 'local_ratelimit.v3.LocalRateLimit'),
  ]),
  grpc(
    'a filter from elsewhere',
    [
      router,
      `                  - name: more\n                    config_discovery: { config_source: { ads: {} }, type_urls: [a.Lua] }\n${router}`,
    ],
    ['envoy/filter-elsewhere', 'config_discovery:'],
  ),
  grpc(
    'routes from elsewhere',
    [
      '                route_config:',
      '                rds: { route_config_name: api }\n                route_config:',
    ],
    ['envoy/routes-elsewhere', 'rds:'],
  ),
  grpc(
    'names with underscores',
    ['headers_with_underscores_action: REJECT_REQUEST', 'headers_with_underscores_action: ALLOW'],
    ['envoy/underscores', 'headers_with_underscores_action: ALLOW'],
  ),
  grpc(
    'an address that a client says',
    ['use_remote_address: true', 'use_remote_address: false'],
    ['envoy/remote-address', 'use_remote_address: false'],
  ),
  grpc(
    'paths as they come',
    ['normalize_path: true', ''],
    ['envoy/normalize-path', 'typed_config:'],
  ),
  grpc(
    'slashes as they come',
    ['merge_slashes: true', 'merge_slashes: false'],
    ['envoy/merge-slashes', 'merge_slashes: false'],
  ),
  ...['KEEP_UNCHANGED', 'UNESCAPE_AND_REDIRECT', 'UNESCAPE_AND_FORWARD'].map((action) =>
    grpc(
      `escaped slashes: ${action}`,
      [
        'path_with_escaped_slashes_action: REJECT_REQUEST',
        `path_with_escaped_slashes_action: ${action}`,
      ],
      ['envoy/escaped-slashes', action],
    ),
  ),
  grpc(
    'headers that take for ever',
    ['request_headers_timeout: 10s', 'request_headers_timeout: 0s'],
    ['envoy/request-headers-timeout', 'request_headers_timeout: 0s'],
  ),
  grpc(
    'requests that stand still',
    ['stream_idle_timeout: 300s', 'stream_idle_timeout: 0s'],
    ['envoy/stream-idle-timeout', 'stream_idle_timeout: 0s'],
  ),
  ...(['route', 'host', 'config', 'cluster'] as const).map((where) =>
    grpc(`an open ${where}`, perFilter(where, `{ ${perRoute}, disabled: true }`), [
      'envoy/route-disabled',
      'typed_per_filter_config',
    ]),
  ),
  grpc(
    'a route that is open to any filter',
    perFilter('route', `{ ${anyEntry}, disabled: true }`),
    ['envoy/route-disabled', 'typed_per_filter_config'],
  ),
  grpc(
    'an open route in a wrapper',
    perFilter('route', `{ ${anyEntry}, config: { ${perRoute}, disabled: true } }`),
    ['envoy/route-disabled', 'typed_per_filter_config'],
  ),
  grpc(
    'a route with more to say',
    perFilter('route', `{ ${perRoute}, check_settings: { context_extensions: { a: b } } }`),
  ),
  grpc(
    'a route that asks another',
    perFilter(
      'route',
      `{ ${perRoute}, check_settings: { grpc_service: { envoy_grpc: { cluster_name: upstream } } } }`,
    ),
    ['envoy/route-other-service', 'typed_per_filter_config'],
  ),
  grpc(
    'listeners from elsewhere',
    ['static_resources:', 'dynamic_resources: { lds_config: { ads: {} } }\nstatic_resources:'],
    ['envoy/listeners-elsewhere', 'lds_config'],
  ),
  grpc(
    'an admin port for everybody',
    ['address: 127.0.0.1, port_value: 9901', 'address: 0.0.0.0, port_value: 9901'],
    ['envoy/admin-open', '0.0.0.0'],
  ),
]
