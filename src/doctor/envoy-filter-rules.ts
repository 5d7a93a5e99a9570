/** What an ext_authz filter may not say of itself: when it acts, and what happens to its answers. */
import type { GateFilter } from './envoy-config.js'
import { at, isTrue, number, text, type EnvoyNode } from './envoy-document.js'
import { missing, notTrue, seen } from './envoy-sighting.js'
import type { Rule, Sighting } from './finding.js'

const denominators: ReadonlyMap<string, number> = new Map([
  ['HUNDRED', 100],
  ['TEN_THOUSAND', 10_000],
  ['MILLION', 1_000_000],
  ['0', 100],
  ['1', 10_000],
  ['2', 1_000_000],
])

/** The rules for an ext_authz filter. */
export const envoyFilterRules: readonly Rule<GateFilter>[] = [
  {
    id: 'envoy/failure-mode-allow',
    severity: 'error',
    what: 'failure_mode_allow is true: whenever Scopegate does not answer, everybody gets in, with the identity headers that they wrote themselves',
    mend: 'set failure_mode_allow: false',
    find: ({ config }) => seen(isTrue(config, 'failure_mode_allow'), config, 'failure_mode_allow'),
  },
  {
    id: 'envoy/filter-disabled',
    severity: 'error',
    what: 'the ext_authz filter is disabled: only routes that enable it are guarded',
    mend: 'remove disabled from the item of http_filters',
    find: ({ filter: { entry } }) => seen(isTrue(entry, 'disabled'), entry, 'disabled'),
  },
  {
    id: 'envoy/filter-optional',
    severity: 'error',
    what: 'the ext_authz filter is optional: an Envoy that cannot load it starts without it',
    mend: 'remove is_optional from the item of http_filters',
    find: ({ filter: { entry } }) => seen(isTrue(entry, 'is_optional'), entry, 'is_optional'),
  },
  {
    id: 'envoy/filter-matched',
    severity: 'error',
    what: 'a matcher decides which requests ext_authz sees; all others get past the gate',
    mend: 'put ext_authz into http_filters by itself, and let a route of Scopegate with `access: public` say what is open',
    find: ({ filter }) => (filter.isMatched ? [{ at: filter.entry.at }] : []),
  },
  {
    id: 'envoy/filter-enabled',
    severity: 'error',
    what: 'filter_enabled is below 100 %: the other requests get past the gate',
    mend: 'remove filter_enabled',
    find: ({ config }) =>
      seen(enabledShare(config) < 1 && !deniesAtDisable(config), config, 'filter_enabled'),
  },
  {
    id: 'envoy/filter-enabled-runtime',
    severity: 'warning',
    what: 'filter_enabled has a runtime key: the gate can be switched off while Envoy runs, and this file cannot show it',
    mend: 'remove filter_enabled',
    find: ({ config }) =>
      seen(at(config, 'filter_enabled', 'runtime_key') !== undefined, config, 'filter_enabled'),
  },
  {
    id: 'envoy/filter-enabled-metadata',
    severity: 'error',
    what: 'filter_enabled_metadata: requests without that metadata get past the gate',
    mend: 'remove filter_enabled_metadata, or deny the others with deny_at_disable',
    find: ({ config }) =>
      seen(
        at(config, 'filter_enabled_metadata') !== undefined && !deniesAtDisable(config),
        config,
        'filter_enabled_metadata',
      ),
  },
  {
    id: 'envoy/shadow-mode',
    severity: 'error',
    what: 'shadow_mode is true: Envoy asks and lets everybody in whatever the answer is',
    mend: 'remove shadow_mode',
    find: ({ config }) => seen(isTrue(config, 'shadow_mode'), config, 'shadow_mode'),
  },
  {
    id: 'envoy/clear-route-cache',
    severity: 'warning',
    what: 'clear_route_cache is true: the route is looked up again after the decision and may be one where other rules hold',
    mend: 'set clear_route_cache: false',
    find: ({ config }) => seen(isTrue(config, 'clear_route_cache'), config, 'clear_route_cache'),
  },
  {
    id: 'envoy/mutation-rules',
    severity: 'warning',
    what: 'decoder_header_mutation_rules is missing: an answer may change method, host, path and headers of Envoy itself',
    mend: 'set decoder_header_mutation_rules: { disallow_is_error: true }',
    find: ({ config }) => missing(config, 'decoder_header_mutation_rules'),
  },
  {
    id: 'envoy/validate-mutations',
    severity: 'warning',
    what: 'validate_mutations is not true: an invalid header of an answer is sent upstream instead of failing the request',
    mend: 'set validate_mutations: true',
    find: ({ config }) => notTrue(config, 'validate_mutations'),
  },
  {
    id: 'envoy/raw-headers',
    severity: 'warning',
    what: 'encode_raw_headers is not true: Scopegate sees headers joined and with changed bytes, the upstream sees them as they are',
    mend: 'set encode_raw_headers: true',
    find: ({ config }) => notTrue(config, 'encode_raw_headers'),
  },
  {
    id: 'envoy/status-on-error',
    severity: 'warning',
    what: 'status_on_error is missing: a gate that does not answer looks like a refusal (403) to clients and in logs',
    mend: 'set status_on_error: { code: ServiceUnavailable }',
    find: ({ config }) => missing(config, 'status_on_error'),
  },
  {
    id: 'envoy/api-version',
    severity: 'warning',
    what: 'transport_api_version is not V3: Envoy does not start',
    mend: 'set transport_api_version: V3',
    find: findApiVersion,
  },
  {
    id: 'envoy/request-body',
    severity: 'warning',
    what: 'with_request_body: Envoy keeps bodies back and sends them along, and Scopegate does not read them',
    mend: 'remove with_request_body',
    find: findRequestBody,
  },
]

function findApiVersion({ config, protocol }: GateFilter): readonly Sighting[] {
  const version = text(config, 'transport_api_version') ?? (protocol === 'http' ? 'V3' : '')
  return seen(!['V3', '2'].includes(version), config, 'transport_api_version')
}

function findRequestBody({ config }: GateFilter): readonly Sighting[] {
  const body = at(config, 'with_request_body')
  return body === undefined ? [] : [{ at: body.at }]
}

function enabledShare(config: EnvoyNode): number {
  const enabled = at(config, 'filter_enabled')
  if (enabled === undefined) return 1
  const whole = denominators.get(text(enabled, 'default_value', 'denominator') ?? 'HUNDRED') ?? 100
  return (number(enabled, 'default_value', 'numerator') ?? 0) / whole
}

/** Whether a request that the filter does not look at is refused. */
function deniesAtDisable(config: EnvoyNode): boolean {
  return isTrue(config, 'deny_at_disable', 'default_value')
}
