/**
 * One page of metrics for all workers of a gate.
 *
 * The rules are:
 *   - counters and histograms are added, and a gauge is what its `aggregator` says, such as the worst of all;
 *   - a counter never falls: what a worker had counted when it was last asked stays when it is gone. What it counted after
 *     that is lost with it;
 *   - a worker that does not answer counts with what it said last.
 */
import { AggregatorRegistry, Counter, Gauge, Registry, type MetricObject } from 'prom-client'

/** What the metrics of one process say, as it travels between processes. */
export type MetricFigures = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** How many workers are in which state. */
export interface WorkerCounts {
  readonly wanted: number
  readonly ready: number
  readonly starting: number
  readonly ending: number
}

/** Why another worker was started. */
export type RestartReason = 'crash' | 'rolling'

/** The metrics of a gate of several workers. */
export class WorkerMetrics {
  readonly #own = new Registry()
  readonly #last = new Map<number, MetricFigures>()
  readonly #restarts: Counter<'reason'>
  #departed: MetricFigures = []

  constructor(counts: () => WorkerCounts) {
    const registers = [this.#own]
    new Gauge({
      name: 'scopegate_workers',
      help: 'Worker processes by state; wanted is how many there should be ready',
      labelNames: ['state'],
      registers,
      collect() {
        for (const [state, count] of Object.entries<number>({ ...counts() })) {
          this.set({ state }, count)
        }
      },
    })
    this.#restarts = new Counter({
      name: 'scopegate_worker_restarts_total',
      help: 'Worker processes started in place of another one, by reason',
      labelNames: ['reason'],
      registers,
    })
    for (const reason of ['crash', 'rolling']) this.#restarts.inc({ reason }, 0)
  }

  /** Counts one worker started in place of another. */
  restarted(reason: RestartReason): void {
    this.#restarts.inc({ reason })
  }

  /** A worker says what it counted so far. */
  said(worker: number, figures: MetricFigures): void {
    this.#last.set(worker, figures)
  }

  /** A worker is gone. */
  ended(worker: number): void {
    const last = this.#last.get(worker)
    if (last === undefined) return
    this.#last.delete(worker)
    this.#departed = summed([this.#departed, last.filter(isCounted)])
  }

  /** The media type of {@link text}. */
  get contentType(): typeof Registry.PROMETHEUS_CONTENT_TYPE {
    return Registry.PROMETHEUS_CONTENT_TYPE
  }

  /** What Prometheus reads. */
  async metrics(): Promise<string> {
    const own = await this.#own.getMetricsAsJSON()
    return await AggregatorRegistry.aggregate([
      own,
      ...this.#last.values(),
      this.#departed,
    ]).metrics()
  }
}

/** The types as they are at run time: the declaration has an enumeration of numbers. */
function isCounted({ type }: MetricObject): boolean {
  return ['counter', 'histogram'].includes(String(type))
}

function summed(figures: readonly MetricFigures[]): MetricFigures {
  // Its `getMetricsAsJSON` would wait; what it waits for is at hand.
  const registry = AggregatorRegistry.aggregate([...figures])
  return registry.getMetricsAsArray().map((metric) => ({ ...metric })) as MetricFigures
}
