/** The gate under measurement: its configuration, the real `scopegate serve`, and what its metrics say it did. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { audience } from './access-tokens.mjs'
import { startServer } from './processes.mjs'

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/**
 * Writes the configuration of a gate with twenty routes that trusts the issuer, whose keys are in the file itself. `otherIssuers`
 * are so many issuers more, `otherRoutes` so many routes more, `introspection` is how the issuer is asked about opaque tokens,
 * and `grpc` is where and how the gRPC door listens.
 */
export function writeGateConfig(
  file,
  { issuer, alg, jwks },
  {
    limits = {},
    otherIssuers = 0,
    otherRoutes = 0,
    introspection,
    grpc = { address: '127.0.0.1:0' },
  } = {},
) {
  const names = ['orders', 'carts', 'items', 'bills', 'teams', 'roles', 'files', 'notes', 'tasks']
  const others = names.flatMap((name) => [
    { id: `${name}-read`, methods: ['GET'], path: `/${name}/{id}`, scopes: [`read:${name}`] },
    { id: `${name}-write`, methods: ['PUT'], path: `/${name}/{id}`, scopes: [`write:${name}`] },
  ])
  const config = {
    listen: {
      grpc,
      http: { address: '127.0.0.1:0', trustedProxies: ['127.0.0.1'] },
      admin: { address: '127.0.0.1:0' },
    },
    issuers: [
      { id: 'main', issuer, algorithms: [alg], keys: { jwks }, introspection },
      ...Array.from({ length: otherIssuers }, (_, index) => ({
        id: `partner-${String(index)}`,
        issuer: `https://partner-${String(index)}.bench.example/`,
        algorithms: [alg],
        keys: { jwks },
      })),
    ],
    resources: [
      {
        id: 'users-api',
        hosts: ['api.bench.example'],
        audiences: [audience],
        realm: 'users',
        upstreamHeaders: {
          'x-auth-subject': '/sub',
          'x-auth-scope': '/scope',
          'x-auth-client': '/client_id',
        },
        routes: [
          { id: 'users-read', methods: ['GET'], path: '/users/{id}', scopes: ['read:users'] },
          { id: 'health', path: '/health', access: 'public' },
          ...others,
          ...manyRoutes(otherRoutes),
        ],
      },
    ],
    limits,
    shutdown: { drainSeconds: 0, graceSeconds: 1 },
  }
  writeFileSync(file, stringify(config, { aliasDuplicateObjects: false }))
}

/** Routes as a large API has them: three segments, a hundred first ones, and a place for an id. */
function manyRoutes(count) {
  return Array.from({ length: count }, (_, index) => ({
    id: `many-${String(index)}`,
    methods: ['GET'],
    path: `/area-${String(index % 100)}/thing-${String(index)}/{id}`,
    scopes: ['read:users'],
  }))
}

/**
 * Starts `scopegate serve` with a configuration file and waits until it is ready. `cacheCounts` says how often tokens
 * were known to it, and were not.
 */
export async function startGateProcess(configFile, logFile) {
  const gate = await startServer(main, ['serve', '--config', configFile], logFile)
  const deadline = performance.now() + 10_000
  while ((await fetch(`http://${gate.admin}/readyz`)).status !== 200) {
    if (performance.now() > deadline) {
      await gate.stop()
      throw new Error('the gate does not become ready')
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  async function cacheCounts() {
    const text = await (await fetch(`http://${gate.admin}/metrics`)).text()
    const value = (name) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])
    return {
      hits: value('scopegate_token_cache_hits_total'),
      misses: value('scopegate_token_cache_misses_total'),
    }
  }
  return { ...gate, cacheCounts }
}
