/** What is measured of overload: what was refused for it, and the two things that it is told by. */
import { Counter, Gauge, type Registry } from 'prom-client'

/** What is read when Prometheus asks. */
export interface OverloadStatus {
  /** Refused so far because the event loop was late, or the queue for signatures. */
  readonly shed: { readonly loop: number; readonly queue: number }
  readonly loopDelayMs: () => number
  /** Verifications that wait for their turn. */
  readonly waiting: () => number
}

/** Registers the metrics. */
export function collectOverload(status: OverloadStatus, registers: Registry[]): void {
  new Counter({
    name: 'scopegate_shed_total',
    help: 'Checks of tokens not yet known that were refused at once, by what was late',
    labelNames: ['cause'],
    registers,
    collect() {
      this.reset()
      for (const cause of ['loop', 'queue'] as const) this.inc({ cause }, status.shed[cause])
    },
  })
  new Gauge({
    name: 'scopegate_verifications_waiting',
    help: 'Verifications of signatures that wait for their turn',
    registers,
    collect() {
      this.set(status.waiting())
    },
  })
  new Gauge({
    name: 'scopegate_loop_delay_seconds',
    help: 'By how much the event loop was late twice in a row, at the last look',
    registers,
    collect() {
      this.set(status.loopDelayMs() / 1_000)
    },
  })
}
