/** Two processes of the gate behind a real Envoy, under load that both of them see. */
import { startTestAuthorizationServer } from './authorization-server.js'
import { startEchoUpstream } from './echo-upstream.js'
import { startEnvoy, type TestEnvoy } from './envoy.js'
import { freePorts } from './free-ports.js'
import { startLoad, type Load } from './load.js'
import { startServeProcess, type ServeProcess } from './serve-process.js'
import { testConfig } from './test-gate.js'
import { until } from './until.js'

export interface TwoGates {
  readonly gates: readonly [ServeProcess, ServeProcess]
  readonly envoy: TestEnvoy
  readonly load: Load
  /** Starts a gate that has ended again, on the port that it had, and resolves when Envoy asks it. */
  readonly startAgain: (gate: ServeProcess) => Promise<ServeProcess>
}

/** Two processes behind one Envoy, under load that both of them have seen. */
export async function startTwoGates(
  cleanups: (() => Promise<void>)[],
  drainSeconds = 3,
): Promise<TwoGates> {
  const issuer = await startTestAuthorizationServer()
  cleanups.push(async () => {
    await issuer.close()
  })
  const upstream = await startEchoUpstream()
  cleanups.push(upstream.close)
  const shutdown = { drainSeconds, graceSeconds: 5 }
  const start = async (grpc: string): Promise<ServeProcess> => {
    const gate = await startServeProcess(testConfig(issuer, { shutdown }), grpc)
    cleanups.push(gate.close)
    return gate
  }
  // Not any ports: a gate that ended finds its own free when it comes back.
  const [one = 0, two = 0] = await freePorts(2)
  const gates = await Promise.all([
    start(`127.0.0.1:${String(one)}`),
    start(`127.0.0.1:${String(two)}`),
  ])
  const addresses = gates.map((gate) => gate.addresses.grpc)
  const envoy = await startEnvoy({ gates: addresses, upstreamPort: upstream.port })
  cleanups.push(envoy.stop)
  const headers = { authorization: `Bearer ${await issuer.token()}` }
  const load = startLoad(async () => {
    const response = await fetch(`${envoy.url}/read`, { headers })
    await response.arrayBuffer()
    return response
  })
  cleanups.push(load.stop)
  await until(
    async () => {
      const checks = await Promise.all(addresses.map(async (gate) => await checksOf(envoy, gate)))
      return checks.every((count) => count > 100)
    },
    'load on both gates',
    30_000,
  )
  async function startAgain(gate: ServeProcess): Promise<ServeProcess> {
    const { grpc } = gate.addresses
    const before = await checksOf(envoy, grpc)
    const again = await start(grpc)
    await until(
      async () => (await checksOf(envoy, grpc)) > before + 30,
      'load on the gate that is back',
      30_000,
    )
    return again
  }
  return { gates, envoy, load, startAgain }
}

/** How many checks Envoy has sent to a gate. */
async function checksOf(envoy: TestEnvoy, gate: string): Promise<number> {
  return Number((await clusterLine(envoy, gate, 'rq_total')) ?? 0)
}

/** What Envoy thinks of a gate: `healthy`, or what is wrong. */
export async function healthOf(envoy: TestEnvoy, gate: string): Promise<string | undefined> {
  return await clusterLine(envoy, gate, 'health_flags')
}

async function clusterLine(
  envoy: TestEnvoy,
  gate: string,
  what: string,
): Promise<string | undefined> {
  const line = new RegExp(`^scopegate::${gate}::${what}::(.*)$`, 'm')
  return line.exec(await envoy.admin('/clusters'))?.[1]
}

/** Resolves after so many more answers. */
export async function more(load: Load, requests: number): Promise<void> {
  const goal = load.count() + requests
  await until(() => load.count() >= goal, 'more answers', 30_000)
}
