/**
 * Envoys that run the shipped deploy/envoy/envoy.yaml with another filter in the place of Scopegate's, or none, so that all
 * else that Envoy does is the same. What is allowed Envoy answers itself: no upstream has a part in the figures.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { audience } from './access-tokens.mjs'
import { startProgram } from './processes.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const type = (name) => `type.googleapis.com/envoy.extensions.${name}`

/** The path of Envoy's program, from the wheel that the tests with real peers use; undefined when it is not installed. */
export function findEnvoy() {
  const lib = `${root}.venv/lib`
  if (!existsSync(lib)) return undefined
  return readdirSync(lib)
    .map((python) => `${lib}/${python}/site-packages/envoy/_bin/envoy`)
    .find((path) => existsSync(path))
}

/**
 * Starts an Envoy with one worker on the core of the servers and waits until it takes requests; `http` is its address.
 * `filters` stand before the router; `gate` is the address that the shipped filter asks, if it is among them.
 */
export async function startEnvoy(program, file, name, change) {
  const config = parse(readFileSync(`${root}deploy/envoy/envoy.yaml`, 'utf8'))
  const admin = file(`${name}.admin`)
  const configFile = file(`${name}.yaml`)
  adapt(config, change)
  writeFileSync(configFile, stringify(config, { aliasDuplicateObjects: false }))
  const args = [
    ...['--config-path', configFile, '--admin-address-path', admin, '--concurrency', '1'],
    ...['--disable-hot-restart', '--log-level', 'warning', '--drain-time-s', '1'],
  ]
  return await startProgram(program, args, file(`${name}.log`), async () => await readyAt(admin))
}

/** A change that leaves no filter but the router. */
export const noFilter = () => []

/** A change in which the shipped filter asks the server at an address. */
export function asking(address) {
  return (filter, config) => {
    const cluster = config.static_resources.clusters.find(({ name }) => name === 'scopegate')
    const endpoint = cluster.load_assignment.endpoints[0].lb_endpoints[0].endpoint
    endpoint.address.socket_address.port_value = Number(address.slice(address.lastIndexOf(':') + 1))
    // The no-op handler has no health to tell.
    delete cluster.health_checks
    return [filter]
  }
}

/** A change in which Envoy judges by itself: signature, issuer, audience, then method, path and scope as the gate's route. */
export function judging({ issuer, jwks }, cachedTokens) {
  const provider = {
    issuer,
    audiences: [audience],
    local_jwks: { inline_string: JSON.stringify(jwks) },
    payload_in_metadata: 'claims',
    claim_to_headers: [
      { header_name: 'x-auth-subject', claim_name: 'sub' },
      { header_name: 'x-auth-scope', claim_name: 'scope' },
      { header_name: 'x-auth-client', claim_name: 'client_id' },
    ],
    ...(cachedTokens > 0 && { jwt_cache_config: { jwt_cache_size: cachedTokens } }),
  }
  const scope = {
    filter: 'envoy.filters.http.jwt_authn',
    path: [{ key: 'claims' }, { key: 'scope' }],
    value: { string_match: { safe_regex: { regex: '(.* )?read:users( .*)?' } } },
  }
  const method = { header: { name: ':method', string_match: { exact: 'GET' } } }
  const path = { url_path: { path: { safe_regex: { regex: '/users/[^/]+' } } } }
  return () => [
    {
      name: 'envoy.filters.http.jwt_authn',
      typed_config: {
        '@type': type('filters.http.jwt_authn.v3.JwtAuthentication'),
        providers: { main: provider },
        rules: [{ match: { prefix: '/' }, requires: { provider_name: 'main' } }],
      },
    },
    {
      name: 'envoy.filters.http.rbac',
      typed_config: {
        '@type': type('filters.http.rbac.v3.RBAC'),
        rules: {
          action: 'ALLOW',
          policies: {
            'users-read': {
              permissions: [{ and_rules: { rules: [method, path] } }],
              principals: [{ metadata: scope }],
            },
          },
        },
      },
    },
  ]
}

function adapt(config, change) {
  const [listener] = config.static_resources.listeners
  const [{ filters }] = listener.filter_chains
  const manager = filters[0].typed_config
  const [filter, router] = manager.http_filters
  config.admin.address.socket_address.port_value = 0
  listener.address.socket_address.port_value = 0
  const [virtualHost] = manager.route_config.virtual_hosts
  virtualHost.routes = [{ match: { prefix: '/' }, direct_response: { status: 200 } }]
  manager.http_filters = [...change(filter, config), router]
}

/** The address of the listener of an Envoy whose admin server is told of in a file, or undefined as long as there is none. */
async function readyAt(adminFile) {
  if (!existsSync(adminFile)) return undefined
  const admin = `http://${readFileSync(adminFile, 'utf8')}`
  try {
    if ((await (await fetch(`${admin}/ready`)).text()).trim() !== 'LIVE') return undefined
    const { listener_statuses: listeners } = await (
      await fetch(`${admin}/listeners?format=json`)
    ).json()
    return { http: `127.0.0.1:${String(listeners[0].local_address.socket_address.port_value)}` }
  } catch {
    return undefined // Not yet: it is asked again until the time is over.
  }
}
