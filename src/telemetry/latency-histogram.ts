/**
 * A histogram that costs the hot path two additions: prom-client's own hashes its labels at every observation.
 * Its figures leave through prom-client like all others.
 */
import { Histogram, type MetricValueWithName, type Registry } from 'prom-client'

interface Series {
  /** Observations in each bucket, not cumulative; the last is for what exceeds every bound. */
  readonly counts: number[]
  sum: number
}

/** Seconds by door. */
export class LatencyHistogram extends Histogram<'door'> {
  readonly #bounds: readonly number[]
  readonly #series = new Map<string, Series>()
  readonly #name: string
  readonly #help: string

  constructor(name: string, help: string, bounds: readonly number[], registry: Registry) {
    super({ name, help, labelNames: ['door'], buckets: [...bounds], registers: [registry] })
    this.#name = name
    this.#help = help
    this.#bounds = bounds
  }

  /** Counts one duration. */
  record(door: string, seconds: number): void {
    let series = this.#series.get(door)
    if (series === undefined) {
      series = { counts: Array<number>(this.#bounds.length + 1).fill(0), sum: 0 }
      this.#series.set(door, series)
    }
    let bucket = 0
    while (bucket < this.#bounds.length && seconds > (this.#bounds[bucket] ?? 0)) bucket += 1
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1
    series.sum += seconds
  }

  /** The same, when the figures are to be added to those of other processes. */
  override async get(): ReturnType<Histogram<'door'>['get']> {
    return (await this.getForPromString()) as Awaited<ReturnType<Histogram<'door'>['get']>>
  }

  /** What prom-client asks a histogram for, before it writes text. */
  getForPromString(): Promise<object> {
    const values: MetricValueWithName<'door'>[] = []
    for (const [door, { counts, sum }] of this.#series) {
      let cumulative = 0
      for (const [bucket, count] of counts.entries()) {
        cumulative += count
        const labels = { le: this.#bounds[bucket] ?? '+Inf', door }
        values.push({ metricName: `${this.#name}_bucket`, labels, value: cumulative })
      }
      values.push({ metricName: `${this.#name}_sum`, labels: { door }, value: sum })
      values.push({ metricName: `${this.#name}_count`, labels: { door }, value: cumulative })
    }
    return Promise.resolve({
      name: this.#name,
      help: this.#help,
      type: 'histogram',
      values,
      aggregator: 'sum',
    })
  }
}
