/** What is measured of introspection: questions by what became of them, how long they took, and the circuits. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { CircuitState, IntrospectionResult } from '../introspection/index.js'

/** One issuer as metrics, readiness and `/issuers` see it. */
export interface IntrospectionStatus {
  readonly options: {
    readonly issuerId: string
    readonly issuer: string
    readonly endpoint: string | undefined
    readonly authentication: { readonly method: string }
    readonly requiresSignature: boolean
    readonly tokenCheck: string
  }
  readonly circuit: CircuitState
  readonly lastFault: string | undefined
}

/** Counts one question; `seconds` is undefined when it never went out. */
export type CountIntrospection = (
  issuer: string,
  result: IntrospectionResult,
  seconds: number | undefined,
) => void

const circuitValues: Readonly<Record<CircuitState, number>> = { closed: 0, half_open: 1, open: 2 }
const latencyBounds = [1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Registers the metrics; `statuses` are those of the issuers that are asked at the moment. */
export function collectIntrospections(
  statuses: () => readonly IntrospectionStatus[],
  registers: Registry[],
): CountIntrospection {
  const requests = new Counter({
    name: 'scopegate_introspection_requests_total',
    help: 'Access tokens that an issuer was to be asked about, by what became of it',
    labelNames: ['issuer', 'result'],
    registers,
  })
  const durations = new Histogram({
    name: 'scopegate_introspection_duration_seconds',
    help: 'Time from a question to its answer or its failure, by issuer',
    labelNames: ['issuer'],
    buckets: latencyBounds,
    registers,
  })
  new Gauge({
    name: 'scopegate_introspection_circuit',
    help: '0 while an issuer is asked, 2 while it is left in peace, 1 while one question finds out',
    aggregator: 'max',
    labelNames: ['issuer'],
    registers,
    collect() {
      this.reset()
      for (const { options, circuit } of statuses()) {
        this.set({ issuer: options.issuerId }, circuitValues[circuit])
      }
    },
  })
  return (issuer, result, seconds) => {
    requests.inc({ issuer, result })
    if (seconds !== undefined) durations.observe({ issuer }, seconds)
  }
}

/** The readiness components: an issuer that cannot be asked is told of, and makes nothing unready, like an outage of keys. */
export function introspectionComponents(
  statuses: readonly IntrospectionStatus[],
): Readonly<Record<string, { readonly ready: true; readonly detail?: string }>> {
  return Object.fromEntries(
    statuses.map(({ options, circuit, lastFault }) => {
      const fault = lastFault ?? 'one question is under way'
      const detail = circuit === 'closed' ? lastFault : `suspended: ${fault}`
      return [
        `introspection:${options.issuerId}`,
        { ready: true, ...(detail === undefined ? {} : { detail }) },
      ]
    }),
  )
}
