/** One configuration for each thing that a rule finds in ext_authz filters and their calls: a good file with one thing changed. */
import { filterStart, gateConfig, grpc, http, withGate } from './envoy-edits.js'
import type { DoctorCase } from './examined.js'

/** All of them. */
export const envoyFilterCases: readonly DoctorCase[] = [
  grpc(
    'an open gate',
    [gateConfig, 'failure_mode_allow: true'],
    ['envoy/failure-mode-allow', 'failure_mode_allow: true'],
  ),
  grpc(
    'an open gate as YAML 1.1 says it',
    [gateConfig, 'failure_mode_allow: yes'],
    ['envoy/failure-mode-allow', 'failure_mode_allow: yes'],
  ),
  grpc(
    'an open gate in the spelling of JSON, as a text',
    [gateConfig, '"failureModeAllow": "true"'],
    ['envoy/failure-mode-allow', '"failureModeAllow": "true"'],
  ),
  grpc(
    'an open gate behind an alias',
    [
      ['use_remote_address: true', 'use_remote_address: &yes true'],
      [gateConfig, 'failure_mode_allow: *yes'],
    ],
    ['envoy/failure-mode-allow', 'failure_mode_allow: *yes'],
  ),
  grpc('a key that is there twice', withGate('failure_mode_allow: true'), [
    'envoy/repeated-key',
    'failure_mode_allow: true',
  ]),
  grpc(
    'a disabled filter',
    [
      filterStart,
      filterStart.replace('typed_config', 'disabled: true\n                    typed_config'),
    ],
    ['envoy/filter-disabled', 'disabled: true'],
  ),
  grpc(
    'an optional filter',
    [
      filterStart,
      filterStart.replace('typed_config', 'is_optional: true\n                    typed_config'),
    ],
    ['envoy/filter-optional', 'is_optional: true'],
  ),
  http(
    'a filter behind a matcher',
    [
      [
        `'@type': type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
                      transport_api_version: V3`,
        `'@type': type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher
                      xds_matcher: {}
                      extension_config:
                        name: gate
                        typed_config:
                          '@type': type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
                          <<: {}
                    ignored:
                      transport_api_version: V3`,
      ],
    ],
    ['envoy/filter-matched', '- name: envoy.filters.http.ext_authz'],
    ['envoy/mutation-rules', 'typed_config:'],
    ['envoy/validate-mutations', 'typed_config:'],
    ['envoy/raw-headers', 'typed_config:'],
    ['envoy/status-on-error', 'typed_config:'],
    ['envoy/api-version', 'typed_config:'],
  ),
  grpc(
    'a filter in a TypedStruct',
    [
      [
        "'@type': type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz\n",
        "'@type': type.googleapis.com/xds.type.v3.TypedStruct\n                      type_url: type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz\n                      value: { transport_api_version: V3, failure_mode_allow: true, status_on_error: { code: 503 }, encode_raw_headers: true, validate_mutations: true, decoder_header_mutation_rules: {}, grpc_service: { timeout: 1s, envoy_grpc: { cluster_name: scopegate } } }\n",
      ],
    ],
    ['envoy/failure-mode-allow', 'value:'],
  ),
  grpc(
    'a filter for half of the requests',
    withGate('filter_enabled: { default_value: { numerator: 50 } }'),
    ['envoy/filter-enabled', 'filter_enabled:'],
  ),
  grpc(
    'a filter for almost all requests',
    withGate('filter_enabled: { default_value: { numerator: 999999, denominator: MILLION } }'),
    ['envoy/filter-enabled', 'filter_enabled:'],
  ),
  grpc(
    'a filter that can be switched off',
    withGate(
      'filter_enabled: { default_value: { numerator: 10000, denominator: TEN_THOUSAND }, runtime_key: gate }',
    ),
    ['envoy/filter-enabled-runtime', 'filter_enabled:'],
  ),
  grpc('a filter for half of the requests that refuses the others', [
    withGate('filter_enabled: { default_value: { numerator: 50 } }'),
    withGate('deny_at_disable: { default_value: true, runtime_key: deny }'),
  ]),
  grpc(
    'a filter for requests with metadata',
    withGate(
      'filter_enabled_metadata: { filter: a, path: [{ key: b }], value: { present_match: true } }',
    ),
    ['envoy/filter-enabled-metadata', 'filter_enabled_metadata:'],
  ),
  grpc('a shadow', withGate('shadow_mode: true'), ['envoy/shadow-mode', 'shadow_mode: true']),
  grpc(
    'a second route look-up',
    ['clear_route_cache: false', 'clear_route_cache: true'],
    ['envoy/clear-route-cache', 'clear_route_cache: true'],
  ),
  grpc(
    'answers that may change anything',
    ['decoder_header_mutation_rules: { disallow_is_error: true }', ''],
    ['envoy/mutation-rules', 'typed_config:'],
  ),
  grpc(
    'answers that nobody looks at',
    ['validate_mutations: true', 'validate_mutations: false'],
    ['envoy/validate-mutations', 'validate_mutations: false'],
  ),
  grpc('joined headers', ['encode_raw_headers: true', ''], ['envoy/raw-headers', 'typed_config:']),
  grpc(
    'a failure that looks like a refusal',
    ['status_on_error: { code: ServiceUnavailable }', ''],
    ['envoy/status-on-error', 'typed_config:'],
  ),
  grpc(
    'a version of the protocol that is gone',
    ['transport_api_version: V3', 'transport_api_version: V2'],
    ['envoy/api-version', 'transport_api_version: V2'],
  ),
  grpc(
    'bodies for the gate',
    withGate('with_request_body: { max_request_bytes: 8192, allow_partial_message: true }'),
    ['envoy/request-body', 'with_request_body:'],
  ),
  grpc(
    'no timeout',
    ['                        timeout: 1s\n', '\n'],
    ['envoy/timeout', 'grpc_service:'],
  ),
  grpc(
    'an endless timeout',
    ['                        timeout: 1s\n', '                        timeout: 0s\n'],
    ['envoy/timeout', 'timeout: 0s'],
  ),
  http('a long timeout', ['timeout: 1s }', 'timeout: 30s }'], ['envoy/timeout', 'timeout: 30s']),
  grpc(
    'headers for the gate without the token',
    withGate('allowed_headers: { patterns: [{ prefix: x- }, { exact: Authorization }] }'),
    ['envoy/token-hidden', 'allowed_headers:'],
  ),
  ...[
    '{ exact: authorization }',
    '{ exact: Authorization, ignore_case: true }',
    '{ prefix: auth }',
    '{ suffix: ization }',
    '{ contains: thor }',
    "{ safe_regex: { regex: '(?i)AUTH.*' } }",
  ].map((pattern) =>
    grpc(
      `a hidden token by ${pattern}`,
      withGate(`disallowed_headers: { patterns: [{ exact: cookie }, ${pattern}] }`),
      ['envoy/token-hidden', 'disallowed_headers:'],
    ),
  ),
  grpc('patterns that do not match the token', [
    withGate('allowed_headers: { patterns: [{ safe_regex: { regex: auth.* } }] }'),
    withGate(
      "disallowed_headers: { patterns: [{ exact: Authorization }, { safe_regex: { regex: auth } }, { safe_regex: { regex: '(' } }] }",
    ),
  ]),
  http(
    'no headers for the gate',
    ['- { exact: content-type }', ''],
    ['envoy/http-request-headers', 'allowed_headers:'],
  ),
  http(
    'headers for the gate in the old place',
    [
      ['allowed_headers:', 'x_old:'],
      [
        'path_prefix: /envoy',
        'path_prefix: /envoy\n                        authorization_request: { allowed_headers: { patterns: [{ exact: accept }, { prefix: content- }] } }',
      ],
    ],
    ['envoy/http-deprecated-headers', 'authorization_request:'],
  ),
  http(
    'a token for everybody',
    [
      'path_prefix: /envoy',
      'path_prefix: /envoy\n                        authorization_request: { headers_to_add: [{ key: Authorization, value: Bearer x }] }',
    ],
    ['envoy/http-request-token', 'authorization_request:'],
  ),
  http(
    'no identity headers',
    ['allowed_upstream_headers: { patterns: [{ exact: x-auth-subject }] }', ''],
    ['envoy/http-identity', 'http_service:'],
  ),
  http(
    'identity headers behind those of the client',
    [
      'authorization_response:',
      'authorization_response:\n                          allowed_upstream_headers_to_append: { patterns: [{ exact: x-auth-roles }] }',
    ],
    ['envoy/http-append', 'allowed_upstream_headers_to_append:'],
  ),
  http('no prefix', ['path_prefix: /envoy', ''], ['envoy/http-path-prefix', 'http_service:']),
  http(
    'one path for all',
    ['path_prefix: /envoy', 'path_override: /envoy'],
    ['envoy/http-path-override', 'path_override: /envoy'],
  ),
]
