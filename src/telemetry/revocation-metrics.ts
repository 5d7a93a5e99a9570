/** What is measured of revocation: how much is in force, whether the store is there, and what happened. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { RevocationCounts } from '../revocation/index.js'

/** What is read when Prometheus asks. */
export interface RevocationStatus {
  counts(): RevocationCounts
  /** Undefined without a store. */
  readonly isStoreUp: boolean | undefined
}

/** Registers the metrics and returns the counter of events; nothing when revocation is not configured. */
export function collectRevocations(
  status: RevocationStatus | undefined,
  registers: Registry[],
): Counter<'source' | 'result'> | undefined {
  if (status === undefined) return undefined
  new Gauge({
    name: 'scopegate_revocations_entries',
    help: 'Revoked values that are in force, by what they are',
    labelNames: ['kind'],
    aggregator: 'max', // Every worker has the whole list.
    registers,
    collect() {
      for (const [kind, count] of Object.entries(status.counts())) this.set({ kind }, count)
    },
  })
  if (status.isStoreUp !== undefined) {
    new Gauge({
      name: 'scopegate_revocation_store_up',
      help: '1 while the store is there and its whole list is in force',
      aggregator: 'min',
      registers,
      collect() {
        this.set(status.isStoreUp === true ? 1 : 0)
      },
    })
  }
  return new Counter({
    name: 'scopegate_revocation_events_total',
    help: 'What happened to the list of revocations, by source and result',
    labelNames: ['source', 'result'],
    registers,
  })
}
