/** What is measured of the configuration: when the one in use was loaded, and whether the last change could be used. */
import { Counter, Gauge, type Registry } from 'prom-client'

/** The metrics of the configuration. */
export class ConfigurationMetrics {
  readonly #loadedAt: Gauge
  readonly #isLastGood: Gauge
  readonly #reloads: Counter<'result'>

  /** Registers them. `loadedAtMs` is when the first configuration was loaded, in milliseconds since the epoch. */
  constructor(loadedAtMs: number, registers: Registry[]) {
    this.#loadedAt = new Gauge({
      name: 'scopegate_config_last_success_timestamp_seconds',
      help: 'When the configuration in use was loaded',
      aggregator: 'min',
      registers,
    })
    this.#isLastGood = new Gauge({
      name: 'scopegate_config_last_reload_successful',
      help: '0 while the files hold a configuration that cannot be used, and the one before serves',
      aggregator: 'min',
      registers,
    })
    this.#reloads = new Counter({
      name: 'scopegate_config_reloads_total',
      help: 'Attempts to use a changed configuration, by result',
      labelNames: ['result'],
      registers,
    })
    for (const result of ['success', 'failure']) this.#reloads.inc({ result }, 0)
    this.#loadedAt.set(loadedAtMs / 1_000)
    this.#isLastGood.set(1)
  }

  /** Counts one attempt. */
  reloaded(succeeded: boolean, atMs: number): void {
    this.#reloads.inc({ result: succeeded ? 'success' : 'failure' })
    this.#isLastGood.set(succeeded ? 1 : 0)
    if (succeeded) this.#loadedAt.set(atMs / 1_000)
  }
}
