/**
 * A roll-out as operators do it: one replica after the other is told to end and comes back, behind a real Envoy under
 * load. No check is lost, no end takes longer than drain and grace, and each exit code is 0.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { createHealthClient } from '../support/health-client.js'
import type { ServeProcess } from '../support/serve-process.js'
import { more, startTwoGates } from '../support/two-gates.js'
import { until } from '../support/until.js'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const drainSeconds = 3
/** `graceSeconds` of these gates, and two seconds for a machine that others use as well. */
const boundMs = (drainSeconds + 5 + 2) * 1_000

/** Tells a gate to end. Resolves to its exit code and the time that it took. */
async function end(gate: ServeProcess): Promise<{ code: number | null; tookMs: number }> {
  const startedAtMs = performance.now()
  const code = await gate.end('SIGTERM')
  return { code, tookMs: performance.now() - startedAtMs }
}

describe('a rolling restart of two replicas behind Envoy, under load', () => {
  it('fails no check, ends each with 0 in bounded time, and both serve again', async () => {
    const { gates, load, startAgain } = await startTwoGates(cleanups, drainSeconds)
    const before = load.count()
    for (const gate of gates) {
      const { code, tookMs } = await end(gate)
      expect(code).toBe(0)
      expect(tookMs).toBeGreaterThan(drainSeconds * 1_000 - 100)
      expect(tookMs).toBeLessThan(boundMs)
      await startAgain(gate)
    }
    await more(load, 300)
    await load.stop()
    expect(load.count() - before).toBeGreaterThan(500)
    expect(load.failures).toEqual([])
  })

  it('is not held up by a client that never hangs up', async () => {
    const { gates, load } = await startTwoGates(cleanups, 0)
    const [leaving] = gates
    const client = createHealthClient(leaving.addresses.grpc)
    cleanups.push(async () => {
      client.close()
    })
    const watch = client.watch('')
    await until(() => watch.statuses.length > 0, 'a status')
    const { code, tookMs } = await end(leaving)
    expect(code).toBe(0)
    expect(tookMs).toBeLessThan(boundMs)
    expect(watch.statuses).toEqual(['SERVING', 'NOT_SERVING'])
    await load.stop()
    expect(load.failures).toEqual([])
  })
})
