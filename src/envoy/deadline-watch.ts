/**
 * The deadlines of calls, all watched by one timer.
 *
 * A timer for each call costs more than it seems: Node links timers to each other, so that one which has grown old keeps
 * those after it, and with them their calls, alive for V8's scavenger. Every call was then copied twice (ADR 0032).
 */

/** What has a deadline. */
export interface DueCall {
  /** Ends what is due at `nowMs` of the watch's clock; true when there is nothing more to watch. Must not throw. */
  endIfDue(nowMs: number): boolean
}

/** How late an end may be: well below every time-out that a proxy is given, and no load for an event loop. */
const everyMs = 5

/** Looks at what it was given every five milliseconds, as long as something is left. */
export class DeadlineWatch {
  readonly #nowMs: () => number
  readonly #calls: DueCall[] = []
  #timer: NodeJS.Timeout | undefined

  /** `nowMs` is the clock that deadlines are told in. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Watches a call until it says that it is over. */
  add(call: DueCall): void {
    if (this.#calls.push(call) === 1) this.#wait()
  }

  #wait(): void {
    if (this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#look()
      }, everyMs)
    } else this.#timer.refresh()
  }

  #look(): void {
    const nowMs = this.#nowMs()
    const calls = this.#calls
    let left = 0
    for (const call of calls) if (!call.endIfDue(nowMs)) calls[left++] = call
    calls.length = left
    if (left > 0) this.#wait()
  }
}
