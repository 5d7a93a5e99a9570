/**
 * How late the event loop is. A gate that has more to do than time for it is late for everything, its own timers too: that
 * is how it learns of what still waits in sockets, where nobody can count it.
 */
import type { WatchClock } from './file-watch.js'

/** What the watch needs of a clock. */
export interface LoopClock extends WatchClock {
  /** Milliseconds that never go back. */
  monotonicMs(): number
}

/** Fifty looks a second cost nothing that could be measured; a stall that counts is seen in two of them. */
const everyMs = 20

/** Looks again and again until it is stopped. */
export class LoopWatch {
  readonly #clock: LoopClock
  #cancel: () => void = () => undefined
  #lastDelayMs = 0
  #delayMs = 0

  constructor(clock: LoopClock) {
    this.#clock = clock
    this.#schedule()
  }

  /**
   * By how many milliseconds the loop was late twice in a row: 0 after a single stall, as garbage collection or a paused
   * machine make it.
   */
  get delayMs(): number {
    return this.#delayMs
  }

  /** Looks no more. */
  stop(): void {
    this.#cancel()
  }

  #schedule(): void {
    const dueAtMs = this.#clock.monotonicMs() + everyMs
    this.#cancel = this.#clock.after(everyMs, () => {
      const lateMs = Math.max(0, this.#clock.monotonicMs() - dueAtMs)
      this.#delayMs = Math.min(lateMs, this.#lastDelayMs)
      this.#lastDelayMs = lateMs
      this.#schedule()
    })
  }
}
