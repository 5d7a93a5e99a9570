/** Our histogram says what prom-client's own would say of the same observations. */
import fc from 'fast-check'
import { Histogram, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { LatencyHistogram } from '../../../src/telemetry/latency-histogram.js'

const bounds = [25e-6, 1e-4, 1e-3, 0.5, 1]
const observation = fc.tuple(
  fc.constantFrom('envoy', 'nginx'),
  fc.oneof(
    fc.constantFrom(0, ...bounds, 1.000_001, 1e6),
    fc.double({ min: 0, max: 2, noNaN: true }),
  ),
)

async function text(observations: [string, number][], isOurs: boolean): Promise<string> {
  const registry = new Registry()
  if (isOurs) {
    const histogram = new LatencyHistogram('seconds', 'Help', bounds, registry)
    for (const [door, seconds] of observations) histogram.record(door, seconds)
  } else {
    const histogram = new Histogram({
      name: 'seconds',
      help: 'Help',
      labelNames: ['door'],
      buckets: bounds,
      registers: [registry],
    })
    for (const [door, seconds] of observations) histogram.observe({ door }, seconds)
  }
  return await registry.metrics()
}

describe('LatencyHistogram', () => {
  it('writes what the histogram of prom-client writes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(observation, { maxLength: 50 }), async (observations) => {
        expect(await text(observations, true)).toBe(await text(observations, false))
      }),
    )
  })
})
