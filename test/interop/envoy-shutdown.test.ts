/**
 * Gates come and go behind a working Envoy, under load, and no client notices: an orderly end, connections that reach
 * their age, and a gate that dies without a word.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { startTestAuthorizationServer } from '../support/authorization-server.js'
import { startEchoUpstream } from '../support/echo-upstream.js'
import { startEnvoy, type TestEnvoy } from '../support/envoy.js'
import { startEnvoyStack } from '../support/envoy-stack.js'
import { startLoad, type Load } from '../support/load.js'
import { startServeProcess, type ServeProcess } from '../support/serve-process.js'
import { testConfig } from '../support/test-gate.js'
import { until } from '../support/until.js'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

interface TwoGates {
  readonly gates: readonly [ServeProcess, ServeProcess]
  readonly envoy: TestEnvoy
  readonly load: Load
}

/** Two processes behind one Envoy, under load that both of them have seen. */
async function startTwoGates(drainSeconds = 3): Promise<TwoGates> {
  const issuer = await startTestAuthorizationServer()
  cleanups.push(async () => {
    await issuer.close()
  })
  const upstream = await startEchoUpstream()
  cleanups.push(upstream.close)
  const shutdown = { drainSeconds, graceSeconds: 5 }
  const start = async (): Promise<ServeProcess> => {
    const gate = await startServeProcess(testConfig(issuer, { shutdown }))
    cleanups.push(gate.close)
    return gate
  }
  const gates = await Promise.all([start(), start()])
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
  return { gates, envoy, load }
}

/** How many checks Envoy has sent to a gate. */
async function checksOf(envoy: TestEnvoy, gate: string): Promise<number> {
  return Number((await clusterLine(envoy, gate, 'rq_total')) ?? 0)
}

/** What Envoy thinks of a gate: `healthy`, or what is wrong. */
async function healthOf(envoy: TestEnvoy, gate: string): Promise<string | undefined> {
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

async function more(load: Load, requests: number): Promise<void> {
  const goal = load.count() + requests
  await until(() => load.count() >= goal, 'more answers', 30_000)
}

describe('under load through Envoy', () => {
  it('SIGTERM drops nothing and ends with exit code 0', async () => {
    const { gates, envoy, load } = await startTwoGates()
    const [leaving] = gates
    expect(await leaving.end('SIGTERM')).toBe(0)
    await more(load, 300)
    await load.stop()
    expect(load.failures).toEqual([])
    // Envoy knew before it was too late: that is what the drain time is for.
    expect(await healthOf(envoy, leaving.addresses.grpc)).toContain('failed_active_hc')
  })

  it('SIGTERM drops nothing even without a drain time', async () => {
    const { gates, load } = await startTwoGates(0)
    expect(await gates[0].end('SIGTERM')).toBe(0)
    await more(load, 300)
    await load.stop()
    expect(load.failures).toEqual([])
  })

  // An answer of gRPC is written in two pieces. A check whose first piece was out when the gate died fails, closed, and
  // cannot be asked again; every other one can, and every one after it.
  it('a gate that is killed costs nothing afterwards: Envoy asks the other one', async () => {
    const { gates, load } = await startTwoGates()
    expect(await gates[0].end('SIGKILL')).toBe(null)
    const killedAtMs = performance.now()
    await more(load, 500)
    await load.stop()
    expect(load.failures.filter(({ startedAtMs }) => startedAtMs > killedAtMs)).toEqual([])
    expect(load.failures.length).toBeLessThanOrEqual(8) // As many as were under way.
  })

  it('a connection that reaches its age costs no request', async () => {
    const stack = await startEnvoyStack({
      config: { listen: { grpc: { maxConnectionAgeSeconds: 0.1 } } },
    })
    cleanups.push(stack.close)
    const token = await stack.issuer.token()
    const load = startLoad(async () => await stack.send('/read', { token }))
    cleanups.push(load.stop)
    await until(
      async () => {
        const stats = await stack.envoy.admin('/stats?filter=cluster.scopegate.upstream_cx_total')
        return Number(/(\d+)\s*$/.exec(stats)?.[1]) >= 15
      },
      'fifteen connections',
      30_000,
    )
    await load.stop()
    expect(load.failures).toEqual([])
  })
})
