/** Routes, virtual hosts and weighted clusters that take themselves out of the gate, and what a whole file says. */
import { typeOf, type EnvoyConfig } from './envoy-config.js'
import { at, isTrue, text, within, type EnvoyNode } from './envoy-document.js'
import type { Rule, Sighting } from './finding.js'

/** The rules for a whole file. */
export const envoyRouteRules: readonly Rule<EnvoyConfig>[] = [
  {
    id: 'envoy/route-disabled',
    severity: 'error',
    what: 'ext_authz is disabled here: these routes are open to everybody, with the identity headers that a client writes',
    mend: 'remove the entry; a route of Scopegate with `access: public` opens a path and still removes identity headers',
    find: (config) =>
      gateOverrides(config)
        .filter(({ override }) => isTrue(override, 'disabled'))
        .map(({ entry }) => ({ at: entry.at })),
  },
  {
    id: 'envoy/route-other-service',
    severity: 'warning',
    what: 'these routes ask another service than the filter does',
    mend: 'remove grpc_service and http_service from check_settings, unless the service is a Scopegate too',
    find: (config) =>
      gateOverrides(config).flatMap(({ override }) =>
        ['grpc_service', 'http_service'].flatMap((key) => {
          const service = at(override, 'check_settings', key)
          return service === undefined ? [] : [{ at: service.at }]
        }),
      ),
  },
  {
    id: 'envoy/listeners-elsewhere',
    severity: 'warning',
    what: 'listeners come from elsewhere, so they could not be looked at',
    mend: 'let the doctor see them too: files of LDS, or the answer of the admin port to /config_dump',
    find: findListenersElsewhere,
  },
  {
    id: 'envoy/admin-open',
    severity: 'warning',
    what: 'the admin port listens on every address: whoever reaches it can read secrets, change the runtime and stop the proxy',
    mend: 'set the address of admin to 127.0.0.1 or a Unix socket',
    find: findOpenAdmin,
  },
]

function findListenersElsewhere({ root, connections, gates }: EnvoyConfig): readonly Sighting[] {
  const discovered =
    at(root, 'dynamic_resources', 'lds_config') ?? at(root, 'dynamic_resources', 'ads_config')
  if (discovered !== undefined) return [{ at: discovered.at }]
  const hasRoutes = [...within(root)].some(({ fields }) => fields.has('virtual_hosts'))
  if (connections.length > 0 || gates.length > 0 || hasRoutes) return []
  const message = 'there is no HTTP connection manager here, so there is nothing to look at'
  return [{ at: (at(root, 'static_resources', 'listeners') ?? root).at, message }]
}

function findOpenAdmin({ root }: EnvoyConfig): readonly Sighting[] {
  const address = at(root, 'admin', 'address', 'socket_address', 'address')
  const isOpen = ['0.0.0.0', '::', '::0', '[::]'].includes(text(address) ?? '')
  return address !== undefined && isOpen ? [{ at: address.at }] : []
}

/** Every per-route configuration of ext_authz, out of its FilterConfig. */
function gateOverrides({
  root,
  gates,
}: EnvoyConfig): readonly { readonly entry: EnvoyNode; readonly override: EnvoyNode }[] {
  const names = new Set(['envoy.filters.http.ext_authz', ...gates.map((gate) => gate.filter.name)])
  const perFilter = [...within(root)].flatMap((node) => [
    ...(at(node, 'typed_per_filter_config')?.fields ?? []),
  ])
  return perFilter.flatMap(([name, entry]) => {
    const isWrapped = typeOf(entry) === 'FilterConfig'
    const inner = isWrapped ? at(entry, 'config') : entry
    const override = typeOf(inner) === 'TypedStruct' ? at(inner, 'value') : inner
    const isGate = names.has(name) || typeOf(inner) === 'ExtAuthzPerRoute'
    if (!isGate) return []
    // The wrapper has a `disabled` of its own.
    const wrapper = isWrapped ? [{ entry, override: entry }] : []
    return override === undefined ? wrapper : [...wrapper, { entry, override }]
  })
}
