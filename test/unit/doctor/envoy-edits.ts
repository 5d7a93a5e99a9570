/** How cases for Envoy change a good file. */
import { goodFiles, type DoctorCase, type Edit } from './examined.js'

export const filterStart = `                  - name: envoy.filters.http.ext_authz
                    typed_config:
`
export const router = `                  - name: envoy.filters.http.router
                    typed_config:
                      '@type': type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
`
export const gateConfig = 'failure_mode_allow: false'

export function grpc(
  name: string,
  edits: Edit | readonly Edit[],
  ...finds: readonly (readonly [string, string])[]
): DoctorCase {
  return { name, base: goodFiles.envoyGrpc, edits: listed(edits), finds }
}

export function http(
  name: string,
  edits: Edit | readonly Edit[],
  ...finds: readonly (readonly [string, string])[]
): DoctorCase {
  return { name, base: goodFiles.envoyHttp, edits: listed(edits), finds }
}

function listed(edits: Edit | readonly Edit[]): readonly Edit[] {
  return typeof edits[0] === 'string' ? [edits as Edit] : (edits as readonly Edit[])
}

/** Adds a line to the configuration of the filter. */
export function withGate(line: string): Edit {
  return [gateConfig, `${gateConfig}\n                      ${line}`]
}

/** Adds a line to the connection manager. */
export function withConnection(line: string): Edit {
  return ['stat_prefix: api', `stat_prefix: api\n                ${line}`]
}

/** Adds a filter before ext_authz. */
export function before(name: string, type: string): Edit {
  return [
    filterStart,
    `                  - name: ${name}
                    typed_config: { '@type': type.googleapis.com/envoy.extensions.filters.http.${type} }
${filterStart}`,
  ]
}

/** Adds a line to the route, the virtual host or the route configuration. */
export function perFilter(where: 'route' | 'host' | 'config' | 'cluster', config: string): Edit {
  const line = `typed_per_filter_config: { envoy.filters.http.ext_authz: ${config} }`
  if (where === 'config') return ['route_config:', `route_config:\n                  ${line}`]
  if (where === 'host') {
    return ["domains: ['*']", `domains: ['*']\n                      ${line}`]
  }
  const route = '{ cluster: upstream, timeout: 15s }'
  if (where === 'route') return [route, `${route}\n                          ${line}`]
  return [route, `{ weighted_clusters: { clusters: [{ name: upstream, weight: 1, ${line} }] } }`]
}

export const perRoute =
  "'@type': type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute"
export const anyEntry = "'@type': type.googleapis.com/envoy.config.route.v3.FilterConfig"
