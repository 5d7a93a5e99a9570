/** A warm token in other surroundings: few and many connections, TLS, a unix socket, and ten thousand routes. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { startGateProcess, writeGateConfig } from './gate.mjs'
import { h2load } from './h2load.mjs'
import { allows, expectedAnswer, startNoOp } from './servers.mjs'

/** Connections, and calls at a time on each. */
const connectionLoads = [
  [1, 1],
  [16, 4],
  [64, 2],
]
const configuredRoutes = 20
const manyRoutes = 10_000
const routeName = '10,000 routes, no-op: 20 routes'

/** From one connection with one call at a time to sixty-four. */
export const connectionsGroup = {
  names: connectionLoads.map(connectionsName),
  start: async (files, keep, { warmUpRequests }) => {
    const pair = await startPair(files, keep, 'connections', {})
    return connectionLoads.map(([connections, streams]) => ({
      ...pair,
      name: connectionsName([connections, streams]),
      // One call at a time is slow, and warms up by what is done before it.
      warmUpRequests: warmUpRequests / 10,
      load: h2load(files.file('warm'), connections, streams),
    }))
  },
}

/** TLS 1.3 with a certificate of P-256; connections stay open, so that it is the records that cost, not the handshakes. */
export const tlsGroup = {
  names: ['warm token, TLS'],
  start: async (files, keep, { warmUpRequests }) => {
    const tls = { certFile: files.file('tls.crt'), keyFile: files.file('tls.key') }
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
        ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'],
        ...['-keyout', tls.keyFile, '-out', tls.certFile],
      ],
      { stdio: 'ignore' },
    )
    const pair = await startPair(files, keep, 'tls', { tls })
    const load = h2load(files.file('warm'), 2, 32, { scheme: 'https' })
    return [{ ...pair, name: 'warm token, TLS', warmUpRequests: warmUpRequests / 4, load }]
  },
}

/** The socket of a gate in the proxy's own pod or host. */
export const unixGroup = {
  names: ['warm token, unix socket'],
  start: async (files, keep, { warmUpRequests }) => {
    const addresses = ['gate', 'no-op'].map((name) => `unix:${files.file(`${name}.sock`)}`)
    const pair = await startPair(files, keep, 'unix', { addresses })
    const load = h2load(files.file('warm'), 2, 32)
    return [{ ...pair, name: 'warm token, unix socket', warmUpRequests: warmUpRequests / 4, load }]
  },
}

/** Writes the configuration of a gate with ten thousand routes in all, as one in front of a large API has. */
export function writeManyRoutes(configFile, issuer) {
  writeGateConfig(configFile, issuer, { otherRoutes: manyRoutes - configuredRoutes })
}

/** Two gates of one policy, one with ten thousand routes more that do not match. */
export const routesGroup = {
  names: [routeName],
  start: async ({ file, issuer, request }, keep, { warmUpRequests }) => {
    writeManyRoutes(file('routes.yaml'), issuer)
    const many = await keep(startGateProcess(file('routes.yaml'), file('routes.log')))
    const few = await keep(startGateProcess(file('warm.yaml'), file('few-routes.log')))
    const answer = await expectedAnswer(many, request, allows)
    await expectedAnswer(few, request, allows)
    return [
      {
        ...{ name: routeName, gate: many, noOp: few, answerLength: answer.length },
        warmUpRequests: warmUpRequests / 3,
        load: h2load(file('warm'), 2, 32),
        mustNotCount: 'misses',
      },
    ]
  },
}

function connectionsName([connections, streams]) {
  return `warm token, -c ${String(connections)} -m ${String(streams)}`
}

/** A gate and a no-op handler that listen alike. */
async function startPair({ file, issuer, request }, keep, name, { tls, addresses = [] }) {
  const [gateAddress = '127.0.0.1:0', noOpAddress] = addresses
  writeGateConfig(file(`${name}.yaml`), issuer, { grpc: { address: gateAddress, tls } })
  const gate = await keep(startGateProcess(file(`${name}.yaml`), file(`${name}.log`)))
  const certificate = tls && readFileSync(tls.certFile)
  const answer = await expectedAnswer(gate, request, allows, certificate)
  const noOp = await keep(startNoOp(file, `${name}-no-op`, answer, { address: noOpAddress, tls }))
  return { gate, noOp, answerLength: answer.length, mustNotCount: 'misses' }
}
