/**
 * Everything that is measured, under the names that operators build on.
 *
 * The rules are:
 *   - label values come from the configuration and from closed sets, never from a request (ADR 0010);
 *   - the hot path adds to plain numbers; prom-client reads them when Prometheus asks;
 *   - of several workers the numbers are added, but a gauge that tells how something is shows the worst (`aggregator`).
 */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { DecisionEvent, DecisionLabels, Door } from '../check/index.js'
import type { IssuerKeyState, SnapshotResult } from '../jwks/index.js'
import type { RevocationResult, RevocationSource } from '../revocation/index.js'
import type { TokenCacheCounts } from '../token/index.js'
import { ConfigurationMetrics } from './configuration-metrics.js'
import {
  collectIntrospections,
  type CountIntrospection,
  type IntrospectionStatus,
} from './introspection-metrics.js'
import { LatencyHistogram } from './latency-histogram.js'
import { collectOverload, type OverloadStatus } from './overload-metrics.js'
import { collectRevocations, type RevocationStatus } from './revocation-metrics.js'

/** What is read when Prometheus asks. */
export interface MetricSources {
  readonly version: string
  readonly keyStates: () => readonly IssuerKeyState[]
  /** The one in use; the counts go on from one to the next. */
  readonly tokenCache: () => { readonly counts: TokenCacheCounts; readonly size: number }
  readonly monotonicMs: () => number
  readonly configLoadedAtMs: number
  /** Undefined when revocation is not configured. */
  readonly revocation: RevocationStatus | undefined
  /** Empty when no issuer is ever asked about a token. */
  readonly introspections: () => readonly IntrospectionStatus[]
  readonly overload: OverloadStatus
}

/** From a quarter of a tenth of a millisecond, where a warm decision ends, to the time-out that proxies use. */
const latencyBounds = [
  25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1,
]

/** The metrics of one process. */
export class Metrics {
  readonly registry: Registry = new Registry()
  readonly #decisions = new Map<DecisionLabels, Map<Door, number>>()
  readonly #latency: LatencyHistogram
  readonly #refreshes: Counter<'issuer' | 'result'>
  readonly #snapshots: Counter<'issuer' | 'result'>
  readonly #droppedHeaders: Counter<'header'>
  readonly #faults: Counter
  readonly #configuration: ConfigurationMetrics
  /** Counts one token that an issuer was to be asked about. */
  readonly introspected: CountIntrospection
  readonly #revocationEvents: Counter<'source' | 'result'> | undefined

  constructor(sources: MetricSources) {
    const registers = [this.registry]
    collectDefaultMetrics({ register: this.registry })
    this.#latency = new LatencyHistogram(
      'scopegate_decision_duration_seconds',
      'Time from a decoded call to its answer, by door',
      latencyBounds,
      this.registry,
    )
    this.#refreshes = new Counter({
      name: 'scopegate_jwks_refresh_total',
      help: 'Attempts to load the key set of an issuer, by result',
      labelNames: ['issuer', 'result'],
      registers,
    })
    this.#snapshots = new Counter({
      name: 'scopegate_jwks_snapshots_total',
      help: 'Snapshots of key sets that were written, used or not, by result',
      labelNames: ['issuer', 'result'],
      registers,
    })
    this.#droppedHeaders = new Counter({
      name: 'scopegate_identity_headers_dropped_total',
      help: 'Upstream headers left out because the claim could not be sent as a header',
      labelNames: ['header'],
      registers,
    })
    this.#faults = new Counter({
      name: 'scopegate_internal_errors_total',
      help: 'Faults of Scopegate itself, each of which refused a request',
      registers,
    })
    this.#collectDecisions(registers)
    collectTokenCache(sources, registers)
    collectKeySets(sources, registers)
    collectProcess(sources, registers)
    this.#configuration = new ConfigurationMetrics(sources.configLoadedAtMs, registers)
    this.introspected = collectIntrospections(sources.introspections, registers)
    collectOverload(sources.overload, registers)
    this.#revocationEvents = collectRevocations(sources.revocation, registers)
  }

  /** Counts one decision. */
  decided({ decision, door, durationMs }: DecisionEvent): void {
    let byDoor = this.#decisions.get(decision.labels)
    if (byDoor === undefined) {
      byDoor = new Map()
      this.#decisions.set(decision.labels, byDoor)
    }
    byDoor.set(door, (byDoor.get(door) ?? 0) + 1)
    this.#latency.record(door, durationMs / 1_000)
    if (decision.outcome !== 'allow') return
    for (const header of decision.identityHeaders.dropped) this.#droppedHeaders.inc({ header })
  }

  /** Counts one attempt to load a key set. */
  refreshed(issuer: string, fault: string | undefined): void {
    this.#refreshes.inc({ issuer, result: fault === undefined ? 'success' : 'failure' })
  }

  /** Counts one event of the revocation list. */
  revocation(source: RevocationSource, result: RevocationResult): void {
    this.#revocationEvents?.inc({ source, result })
  }

  /** Counts what became of a snapshot of a key set. */
  snapshot(issuer: string, result: SnapshotResult): void {
    this.#snapshots.inc({ issuer, result })
  }

  /** Counts one attempt to use another configuration; `atMs` is when, in milliseconds since the epoch. */
  reloaded(succeeded: boolean, atMs: number): void {
    this.#configuration.reloaded(succeeded, atMs)
  }

  /** Counts one fault of ours. */
  failed(): void {
    this.#faults.inc()
  }

  #collectDecisions(registers: Registry[]): void {
    const decisions = this.#decisions
    new Counter({
      name: 'scopegate_decisions_total',
      help: 'Decisions by outcome, reason, route, issuer and door',
      labelNames: ['decision', 'reason', 'route', 'issuer', 'door'],
      registers,
      collect() {
        this.reset()
        for (const [labels, byDoor] of decisions) {
          for (const [door, count] of byDoor) this.inc({ ...labels, door }, count)
        }
      },
    })
  }
}

function collectTokenCache({ tokenCache }: MetricSources, registers: Registry[]): void {
  for (const [kind, help] of [
    ['hits', 'Access tokens found in the token cache'],
    ['misses', 'Access tokens that had to be verified'],
    ['evictions', 'Verified access tokens pushed out of the token cache by others'],
  ] as const) {
    new Counter({
      name: `scopegate_token_cache_${kind}_total`,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(tokenCache().counts[kind])
      },
    })
  }
  new Gauge({
    name: 'scopegate_token_cache_entries',
    help: 'Verified access tokens in the token cache',
    registers,
    collect() {
      this.set(tokenCache().size)
    },
  })
}

function collectKeySets(sources: MetricSources, registers: Registry[]): void {
  const gauge = (
    name: string,
    help: string,
    value: (state: IssuerKeyState) => number | undefined,
    aggregator: 'max' | 'min' = 'max',
  ): void => {
    new Gauge({
      name,
      help,
      aggregator,
      labelNames: ['issuer'],
      registers,
      collect() {
        this.reset()
        for (const state of sources.keyStates()) {
          const current = value(state)
          if (current !== undefined) this.set({ issuer: state.options.id }, current)
        }
      },
    })
  }
  const ageMs = (state: IssuerKeyState): number | undefined =>
    state.loadedAtMs === undefined ? undefined : sources.monotonicMs() - state.loadedAtMs
  gauge(
    'scopegate_jwks_keys',
    'Usable keys in the key set of an issuer; 0 before the first load, nothing while none is asked for',
    (state) => {
      const keys = state.set?.keys.length ?? 0
      const isAtRest = state.options.loadAtFirstUse === true && state.lastFault === undefined
      return keys === 0 && isAtRest ? undefined : keys
    },
    'min',
  )
  gauge(
    'scopegate_jwks_refused_keys',
    'Published keys that may not be used',
    (state) => state.set?.refusedKeys ?? 0,
  )
  gauge('scopegate_jwks_age_seconds', 'Time since the key set was last loaded', (state) => {
    const age = ageMs(state)
    return age === undefined ? undefined : age / 1_000
  })
  gauge(
    'scopegate_jwks_from_snapshot',
    '1 while a key set serves that was loaded before the process began',
    (state) => (state.isFromSnapshot ? 1 : 0),
  )
  gauge(
    'scopegate_jwks_stale',
    '1 while a key set serves although its last refresh failed',
    (state) => (state.set !== undefined && state.failuresInARow > 0 ? 1 : 0),
  )
}

function collectProcess(sources: MetricSources, registers: Registry[]): void {
  new Gauge({
    name: 'scopegate_build_info',
    help: 'Always 1; the labels say what is running',
    aggregator: 'first',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: sources.version, node: process.version }, 1)
}
