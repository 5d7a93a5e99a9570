/**
 * Turns for verifications of signatures: so many at once, the others in their order, and nobody for long (ADR 0027).
 *
 * The rules are:
 *   - a burst may wait for `maxWaitMs`; once that is not enough it is a flood, and until nobody has been refused for as long
 *     a twentieth of it is too long: as many signatures are verified, but few checks are held meanwhile (ADR 0034);
 *   - while the first in the queue has waited for too long, nobody joins it: who comes is refused at once;
 *   - whose turn comes too late does not get it: an answer that took so long may find that nobody listens any more;
 *   - few at once, because between two turns the event loop reads what proxies ask, and most of that needs no turn.
 */

/** Bounds of the queue. */
export interface VerificationQueueLimits {
  /** Signatures that are verified at the same time. */
  readonly maxConcurrent: number
  /** Longest wait for a turn, in milliseconds. */
  readonly maxWaitMs: number
}

/** What of `maxWaitMs` a wait may take while there is a flood. */
const shareInFlood = 1 / 20

interface Waiting {
  readonly sinceMs: number
  readonly call: (mayVerify: boolean) => void
}

/** Gives turns. Who got one has to leave. */
export class VerificationQueue {
  readonly #limits: VerificationQueueLimits
  readonly #monotonicMs: () => number
  readonly #onRefused: () => void
  readonly #waiting: Waiting[] = []
  #running = 0
  #lastRefusedMs = -Infinity

  /** `onRefused` is told of everyone who gets no turn. */
  constructor(
    limits: VerificationQueueLimits,
    monotonicMs: () => number,
    onRefused: () => void = () => undefined,
  ) {
    this.#limits = limits
    this.#monotonicMs = monotonicMs
    this.#onRefused = onRefused
  }

  /** How many wait for a turn. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Whether the first in the queue has waited for too long, so that whoever comes now is refused. */
  get isLate(): boolean {
    const [first] = this.#waiting
    return first !== undefined && this.#isTooLate(first)
  }

  /** Whether there is a turn: at once, or after a wait of `maxWaitMs` at most. Never rejects. */
  enter(): boolean | Promise<boolean> {
    if (this.#running < this.#limits.maxConcurrent) {
      this.#running += 1
      return true
    }
    if (this.isLate) {
      this.#refused()
      return false
    }
    return new Promise((call) => {
      this.#waiting.push({ sinceMs: this.#monotonicMs(), call })
    })
  }

  /** Ends a turn and calls the next one. */
  leave(): void {
    for (;;) {
      const next = this.#waiting.shift()
      if (next === undefined) {
        this.#running -= 1
        return
      }
      const mayVerify = !this.#isTooLate(next)
      next.call(mayVerify)
      if (mayVerify) return // Takes over the turn.
      this.#refused()
    }
  }

  #isTooLate({ sinceMs }: Waiting): boolean {
    const nowMs = this.#monotonicMs()
    const { maxWaitMs } = this.#limits
    const isFlood = nowMs - this.#lastRefusedMs <= maxWaitMs
    return nowMs - sinceMs > (isFlood ? maxWaitMs * shareInFlood : maxWaitMs)
  }

  #refused(): void {
    this.#lastRefusedMs = this.#monotonicMs()
    this.#onRefused()
  }
}
