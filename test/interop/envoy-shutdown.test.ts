/**
 * Gates come and go behind a working Envoy, under load, and no client notices: an orderly end, connections that reach
 * their age, and a gate that dies without a word.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { startEnvoyStack } from '../support/envoy-stack.js'
import { startLoad } from '../support/load.js'
import { healthOf, more, startTwoGates } from '../support/two-gates.js'
import { until } from '../support/until.js'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

describe('under load through Envoy', () => {
  it('SIGTERM drops nothing and ends with exit code 0', async () => {
    const { gates, envoy, load } = await startTwoGates(cleanups)
    const [leaving] = gates
    expect(await leaving.end('SIGTERM')).toBe(0)
    await more(load, 300)
    await load.stop()
    expect(load.failures).toEqual([])
    // Envoy knew before it was too late: that is what the drain time is for.
    expect(await healthOf(envoy, leaving.addresses.grpc)).toContain('failed_active_hc')
  })

  it('SIGTERM drops nothing even without a drain time', async () => {
    const { gates, load } = await startTwoGates(cleanups, 0)
    expect(await gates[0].end('SIGTERM')).toBe(0)
    await more(load, 300)
    await load.stop()
    expect(load.failures).toEqual([])
  })

  // An answer of gRPC is written in two pieces. A check whose first piece was out when the gate died fails, closed, and
  // cannot be asked again; every other one can, and every one after it.
  it('a gate that is killed costs nothing afterwards: Envoy asks the other one', async () => {
    const { gates, load } = await startTwoGates(cleanups)
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
