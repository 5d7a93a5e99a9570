/** The metrics of several workers as one page. */
import { Counter, Gauge, Registry, type Aggregator } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { LatencyHistogram } from '../../../src/telemetry/latency-histogram.js'
import { WorkerMetrics, type MetricFigures } from '../../../src/telemetry/index.js'
import { parsePrometheusText } from '../../support/prometheus-text.js'

async function figures(count: number, gauge = 0): Promise<MetricFigures> {
  const registry = new Registry()
  const registers = [registry]
  new Counter({ name: 'checks_total', help: 'Help', labelNames: ['door'], registers }).inc(
    { door: 'envoy' },
    count,
  )
  for (const aggregator of ['min', 'max', 'sum'] satisfies Aggregator[]) {
    new Gauge({ name: aggregator, help: 'Help', aggregator, registers }).set(gauge)
  }
  const histogram = new LatencyHistogram('seconds', 'Help', [0.1, 1], registry)
  for (let at = 0; at < count; at += 1) histogram.record('envoy', 0.5)
  // As it arrives from another process.
  return structuredClone(await registry.getMetricsAsJSON())
}

function create(): WorkerMetrics {
  return new WorkerMetrics(() => ({ wanted: 2, ready: 1, starting: 1, ending: 0 }))
}

describe('WorkerMetrics', () => {
  it('adds counters and histograms, and takes of gauges what their aggregator says', async () => {
    const metrics = create()
    metrics.said(1, await figures(2, 5))
    metrics.said(2, await figures(3, 7))
    const scrape = parsePrometheusText(await metrics.metrics())
    expect(scrape.value('checks_total', { door: 'envoy' })).toBe(5)
    expect(scrape.value('seconds_bucket', { door: 'envoy', le: '0.1' })).toBe(0)
    expect(scrape.value('seconds_bucket', { door: 'envoy', le: '1' })).toBe(5)
    expect(scrape.value('seconds_count', { door: 'envoy' })).toBe(5)
    expect(scrape.value('seconds_sum', { door: 'envoy' })).toBe(2.5)
    expect(['min', 'max', 'sum'].map((name) => scrape.value(name))).toEqual([5, 7, 12])
    expect(scrape.types.get('seconds')).toBe('histogram')
  })

  it('never counts backwards when workers end, and forgets their gauges', async () => {
    const metrics = create()
    metrics.said(1, await figures(2, 5))
    metrics.said(2, await figures(3, 7))
    metrics.ended(1)
    metrics.ended(3) // It never said anything.
    metrics.said(4, await figures(1, 9))
    metrics.ended(2)
    const scrape = parsePrometheusText(await metrics.metrics())
    expect(scrape.value('checks_total', { door: 'envoy' })).toBe(6)
    expect(scrape.value('seconds_count', { door: 'envoy' })).toBe(6)
    expect(scrape.value('sum')).toBe(9)
  })

  it('counts workers by state, and restarts by reason from zero on', async () => {
    const metrics = create()
    metrics.restarted('crash')
    const scrape = parsePrometheusText(await metrics.metrics())
    const states = ['wanted', 'ready', 'starting', 'ending']
    expect(states.map((state) => scrape.value('scopegate_workers', { state }))).toEqual([
      2, 1, 1, 0,
    ])
    expect(scrape.value('scopegate_worker_restarts_total', { reason: 'crash' })).toBe(1)
    expect(scrape.value('scopegate_worker_restarts_total', { reason: 'rolling' })).toBe(0)
  })
})
