/** What a connection manager does to a request before ext_authz sees it, and whether it has an ext_authz at all. */
import {
  answersItself,
  httpFilter,
  isGate,
  type HttpConnection,
  type HttpFilter,
} from './envoy-config.js'
import { at, isTrue, items, seconds, text } from './envoy-document.js'
import { notTrue, seen } from './envoy-sighting.js'
import type { Rule, Sighting } from './finding.js'

/** Filters that answer or send on a request by themselves. */
const answering = /^(?:Router|CacheConfig|CacheV2Config|DirectResponse.*|FileServer.*)$/
const answeringNames = /\.(?:router|cache|cache_v2|direct_response|file_server)$/
/** Filters that run code of somebody's own or change what is decided on. */
const changing =
  /^(?:Lua|Wasm|ExternalProcessor|HeaderMutation|DynamicModuleFilter|CredentialInjector|GrpcJsonTranscoder)$/
const changingNames =
  /\.(?:lua|wasm|ext_proc|golang|header_mutation|dynamic_modules|credential_injector|grpc_json_transcoder)$/

/** The rules for a connection manager. */
export const envoyConnectionRules: readonly Rule<HttpConnection>[] = [
  {
    id: 'envoy/no-gate',
    severity: 'error',
    what: 'this connection manager has no ext_authz filter: everybody gets in',
    mend: 'add envoy.filters.http.ext_authz as the first of http_filters',
    find: findNoGate,
  },
  {
    id: 'envoy/upgrade-without-gate',
    severity: 'error',
    what: 'upgraded requests (WebSocket, CONNECT) have a filter chain of their own without ext_authz',
    mend: 'remove filters from upgrade_configs, so that http_filters hold for upgrades too',
    find: ({ node }) =>
      items(node, 'upgrade_configs').flatMap((upgrade) => {
        const filters = items(upgrade, 'filters')
        const isOpen = filters.length > 0 && !filters.map(httpFilter).some(isGate)
        return seen(isOpen, upgrade, 'filters')
      }),
  },
  {
    id: 'envoy/answer-before-gate',
    severity: 'error',
    what: 'a filter before ext_authz answers requests by itself, of anybody',
    mend: 'put ext_authz before it',
    find: (connection) =>
      filtersBeforeGate(connection, isAnswering, 'answers requests of anybody by itself'),
  },
  {
    id: 'envoy/change-before-gate',
    severity: 'warning',
    what: 'a filter before ext_authz acts on requests of anybody and can change what is decided on',
    mend: 'put ext_authz before it, unless it has to run first',
    find: (connection) =>
      filtersBeforeGate(connection, isChanging, 'can change what is decided on, for anybody'),
  },
  {
    id: 'envoy/filter-elsewhere',
    severity: 'warning',
    what: 'the configuration of a filter comes from elsewhere (config_discovery), so it could not be looked at',
    mend: 'write ext_authz into this file with typed_config',
    find: ({ filters }) =>
      filters.flatMap(({ entry }) =>
        seen(at(entry, 'config_discovery') !== undefined, entry, 'config_discovery'),
      ),
  },
  {
    id: 'envoy/routes-elsewhere',
    severity: 'warning',
    what: 'routes come from elsewhere, so they could not be looked at: any of them may disable ext_authz',
    mend: 'let the doctor see the route configuration too',
    find: ({ node }) =>
      [['rds'], ['scoped_routes'], ['route_config', 'vhds']].flatMap((path) =>
        seen(at(node, ...path) !== undefined, node, ...path),
      ),
  },
  {
    id: 'envoy/underscores',
    severity: 'error',
    what: 'header names with underscores are let in: `x_forwarded_for` is `x-forwarded-for` to CGI, WSGI and PHP, and no proxy removes it',
    mend: 'set headers_with_underscores_action: REJECT_REQUEST in common_http_protocol_options',
    find: findUnderscores,
  },
  {
    id: 'envoy/remote-address',
    severity: 'error',
    what: 'use_remote_address is not true: a client says with X-Forwarded-For where it comes from',
    mend: 'set use_remote_address: true, and xff_num_trusted_hops if other proxies are in front',
    find: ({ node }) =>
      items(node, 'original_ip_detection_extensions').length > 0
        ? []
        : notTrue(node, 'use_remote_address'),
  },
  {
    id: 'envoy/normalize-path',
    severity: 'warning',
    what: 'normalize_path is not true: Scopegate refuses paths such as `/a/./b`, which are harmless when normalised',
    mend: 'set normalize_path: true',
    find: ({ node }) => notTrue(node, 'normalize_path'),
  },
  {
    id: 'envoy/merge-slashes',
    severity: 'warning',
    what: 'merge_slashes is not true: Scopegate refuses paths such as `/a//b`, which are harmless when merged',
    mend: 'set merge_slashes: true',
    find: ({ node }) => notTrue(node, 'merge_slashes'),
  },
  {
    id: 'envoy/escaped-slashes',
    severity: 'warning',
    what: 'path_with_escaped_slashes_action is not REJECT_REQUEST: `%2F` is a separator to some upstreams and a character to others',
    mend: 'set path_with_escaped_slashes_action: REJECT_REQUEST',
    find: findEscapedSlashes,
  },
  {
    id: 'envoy/request-headers-timeout',
    severity: 'warning',
    what: 'request_headers_timeout is missing or 0: a client may take for ever to send its headers',
    mend: 'set request_headers_timeout: 10s',
    find: ({ node }) =>
      seen((seconds(node, 'request_headers_timeout') ?? 0) === 0, node, 'request_headers_timeout'),
  },
  {
    id: 'envoy/stream-idle-timeout',
    severity: 'warning',
    what: 'stream_idle_timeout is 0: a request on which nothing happens is never ended',
    mend: 'set stream_idle_timeout: 300s',
    find: ({ node }) =>
      seen(seconds(node, 'stream_idle_timeout') === 0, node, 'stream_idle_timeout'),
  },
]

function findNoGate(connection: HttpConnection): readonly Sighting[] {
  const isOpen = !connection.filters.some(isGate) && !answersItself(connection)
  return seen(isOpen, connection.node, 'http_filters')
}

function findUnderscores({ node }: HttpConnection): readonly Sighting[] {
  const path = ['common_http_protocol_options', 'headers_with_underscores_action']
  const action = text(node, ...path) ?? 'ALLOW'
  const isRefused = ['REJECT_REQUEST', 'DROP_HEADER', '1', '2'].includes(action)
  return seen(!isRefused, node, ...path)
}

function findEscapedSlashes({ node }: HttpConnection): readonly Sighting[] {
  const action = text(node, 'path_with_escaped_slashes_action') ?? ''
  return seen(!['REJECT_REQUEST', '2'].includes(action), node, 'path_with_escaped_slashes_action')
}

function filtersBeforeGate(
  { filters }: HttpConnection,
  isMeant: (filter: HttpFilter) => boolean,
  what: string,
): readonly Sighting[] {
  const gate = filters.findIndex((filter) => isGate(filter) && !isTrue(filter.entry, 'disabled'))
  return filters
    .slice(0, Math.max(gate, 0))
    .filter(isMeant)
    .map(({ entry, name }) => ({
      at: entry.at,
      message: `"${name}" stands before ext_authz and ${what}`,
    }))
}

function isAnswering({ type, name }: HttpFilter): boolean {
  return answering.test(type) || answeringNames.test(name)
}

function isChanging({ type, name, entry }: HttpFilter): boolean {
  // `Config` is what Go's filter calls itself, and others too: the package tells them apart.
  const isGo =
    type === 'Config' && (text(entry, 'typed_config', '@type') ?? '').includes('.golang.')
  return isGo || changing.test(type) || changingNames.test(name)
}
