/**
 * The parts of an Envoy configuration that the rules look at, wherever they stand: in a bootstrap, a listener, a file of
 * LDS, CDS or RDS, a configuration dump.
 *
 * The rules are:
 *   - a part is known by its `@type`, or by the fields that nothing else has;
 *   - a configuration inside a TypedStruct or a matcher is the configuration;
 *   - an ext_authz that stands in no chain is looked at by itself.
 */
import { at, items, text, within, type EnvoyNode } from './envoy-document.js'

/** A filter of a chain, with its configuration out of all wrappers. */
export interface HttpFilter {
  readonly entry: EnvoyNode
  readonly name: string
  /** Last part of the `@type`, such as `ExtAuthz`. */
  readonly type: string
  readonly config: EnvoyNode
  /** Whether a matcher decides for which requests the filter acts. */
  readonly isMatched: boolean
}

/** An HttpConnectionManager. */
export interface HttpConnection {
  readonly node: EnvoyNode
  readonly name: string
  readonly filters: readonly HttpFilter[]
}

/** An ext_authz filter. */
export interface GateFilter {
  readonly connection: HttpConnection
  readonly filter: HttpFilter
  readonly config: EnvoyNode
  /** The service it asks, if it says. */
  readonly service: EnvoyNode | undefined
  readonly protocol: 'grpc' | 'http' | undefined
}

/** A cluster that ext_authz asks. */
export interface GateCluster {
  readonly name: string
  readonly protocol: 'grpc' | 'http'
  /** Where the filter names it. */
  readonly reference: EnvoyNode
  /** Undefined: this file has other clusters, and not this one. */
  readonly node: EnvoyNode | undefined
}

/** All of them. */
export interface EnvoyConfig {
  readonly root: EnvoyNode
  readonly connections: readonly HttpConnection[]
  readonly gates: readonly GateFilter[]
  readonly gateClusters: readonly GateCluster[]
}

/** The parts of a file's tree. */
export function envoyConfig(root: EnvoyNode): EnvoyConfig {
  const nodes = [...within(root)]
  const connections = nodes.filter(isConnectionManager).map((node) => ({
    node,
    name: text(node, 'stat_prefix') ?? '',
    filters: items(node, 'http_filters').map(httpFilter),
  }))
  const placed = connections.flatMap((connection) =>
    connection.filters
      .filter((filter) => isGate(filter) && !filter.entry.fields.has('config_discovery'))
      .map((filter) => gateFilter(connection, filter)),
  )
  const known = new Set(placed.map(({ config }) => config))
  const loose = nodes.filter((node) => typeOf(node) === 'ExtAuthz' && !known.has(node))
  const gates = [...placed, ...loose.map(looseGate)]
  return { root, connections, gates, gateClusters: gateClusters(root, nodes, gates) }
}

/** Whether a filter is ext_authz, as far as the file says. */
export function isGate({ type, name, entry }: HttpFilter): boolean {
  if (type !== '') return type === 'ExtAuthz'
  const discovered = items(entry, 'config_discovery', 'type_urls')
  if (discovered.length > 0) return discovered.some((url) => typeName(url.scalar) === 'ExtAuthz')
  return name === 'envoy.filters.http.ext_authz'
}

/** A filter out of an item of `http_filters`. */
export function httpFilter(entry: EnvoyNode): HttpFilter {
  let config = at(entry, 'typed_config') ?? entry
  let isMatched = false
  for (let depth = 0; depth < 5; depth++) {
    if (typeOf(config) === 'ExtensionWithMatcher') {
      isMatched = true
      config = at(config, 'extension_config', 'typed_config') ?? entry
    } else if (typeOf(config) === 'TypedStruct') {
      const value = at(config, 'value') ?? entry
      const type = typeName(text(config, 'type_url'))
      return { entry, name: text(entry, 'name') ?? '', type, config: value, isMatched }
    } else break
  }
  return { entry, name: text(entry, 'name') ?? '', type: typeOf(config), config, isMatched }
}

/** Last part of a node's `@type`; empty without one. */
export function typeOf(node: EnvoyNode | undefined): string {
  return typeName(text(node, '@type'))
}

function typeName(url: unknown): string {
  return typeof url === 'string' ? url.slice(url.lastIndexOf('.') + 1) : ''
}

function isConnectionManager(node: EnvoyNode): boolean {
  if (typeOf(node) !== '') return typeOf(node) === 'HttpConnectionManager'
  const hasRoutes = ['route_config', 'rds', 'scoped_routes', 'stat_prefix'].some((key) =>
    node.fields.has(key),
  )
  return node.fields.has('http_filters') && hasRoutes
}

/** A filter outside of a chain, such as in a patch: what is around it is not known. */
function looseGate(node: EnvoyNode): GateFilter {
  const filter = { entry: node, name: '', type: 'ExtAuthz', config: node, isMatched: false }
  return gateFilter({ node, name: '', filters: [] }, filter)
}

function gateFilter(connection: HttpConnection, filter: HttpFilter): GateFilter {
  const { config } = filter
  const grpc = at(config, 'grpc_service')
  const http = at(config, 'http_service')
  const protocol = grpc !== undefined ? 'grpc' : http !== undefined ? 'http' : undefined
  return { connection, filter, config, service: grpc ?? http, protocol }
}

function gateClusters(
  root: EnvoyNode,
  nodes: readonly EnvoyNode[],
  gates: readonly GateFilter[],
): readonly GateCluster[] {
  const clusters = [
    ...items(root, 'static_resources', 'clusters'),
    ...nodes.filter((node) => typeOf(node) === 'Cluster'),
  ]
  // A file without clusters is a part of a configuration: there is nothing to say about them.
  if (clusters.length === 0) return []
  const found = new Map<string, GateCluster>()
  for (const { service, protocol } of gates) {
    const reference =
      at(service, 'envoy_grpc', 'cluster_name') ?? at(service, 'server_uri', 'cluster')
    const name = text(reference)
    if (reference === undefined || name === undefined || protocol === undefined) continue
    const node = clusters.find((cluster) => text(cluster, 'name') === name)
    found.set(`${protocol} ${name}`, { name, protocol, reference, node })
  }
  return [...found.values()]
}

/** Whether Envoy answers every route of a connection manager by itself: there is nothing to guard. */
export function answersItself({ node }: HttpConnection): boolean {
  const hosts = items(node, 'route_config', 'virtual_hosts')
  const isLocal = (route: EnvoyNode): boolean =>
    route.fields.has('redirect') || route.fields.has('direct_response')
  return (
    hosts.length > 0 &&
    at(node, 'route_config', 'vhds') === undefined &&
    hosts.every(
      (host) => items(host, 'routes').every(isLocal) || text(host, 'require_tls') === 'ALL',
    )
  )
}
