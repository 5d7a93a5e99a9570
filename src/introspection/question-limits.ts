/**
 * How much one issuer is asked, so that a flood of made-up tokens harms neither it nor those who have good ones.
 *
 * The rules are:
 *   - a token that was active a while ago may always be asked about again; all others share so many questions a second;
 *   - so many questions are under way at most; the next ones follow in their order, and new tokens behind all others.
 */
import { LRUCache } from 'lru-cache'

const maxRememberedTokens = 20_000
/** Longer than any answer is believed; a client that was away for longer is new again. */
const rememberedMs = 600_000

/** Lets so many new tokens through a second, with as many at once after a quiet second. Monotonic milliseconds. */
export class NewTokenBudget {
  readonly #perSecond: number
  readonly #monotonicMs: () => number
  readonly #wereActive: LRUCache<string, true>
  #left: number
  #countedAtMs: number

  constructor(perSecond: number, monotonicMs: () => number) {
    this.#perSecond = perSecond
    this.#monotonicMs = monotonicMs
    this.#left = perSecond
    this.#countedAtMs = monotonicMs()
    const perf = { now: monotonicMs }
    this.#wereActive = new LRUCache({ max: maxRememberedTokens, ttl: rememberedMs, perf })
  }

  /** Whether the token of this hash was active a while ago, so that it may always be asked about. */
  wasActive(hash: string): boolean {
    return this.#wereActive.has(hash)
  }

  /** Whether one more new token may be asked about now. */
  take(): boolean {
    const nowMs = this.#monotonicMs()
    const gained = ((nowMs - this.#countedAtMs) / 1_000) * this.#perSecond
    this.#left = Math.min(this.#perSecond, this.#left + gained)
    this.#countedAtMs = nowMs
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }

  /** Remembers that the token of this hash was active, or that it is no more. */
  learn(hash: string, isActive: boolean): void {
    if (isActive) this.#wereActive.set(hash, true)
    else this.#wereActive.delete(hash)
  }
}

/** Runs so many at once; the others wait in their order, new tokens behind all others. Waiting rooms bound both. */
export class Turnstile {
  readonly #places: number
  #taken = 0
  readonly #waiting: (() => void)[] = []
  readonly #newWaiting: (() => void)[] = []

  constructor(places: number) {
    this.#places = places
  }

  /** Runs the work when its turn comes. Rejects as it does. */
  async pass<T>(isNew: boolean, work: () => Promise<T>): Promise<T> {
    if (this.#taken < this.#places) this.#taken += 1
    else {
      const queue = isNew ? this.#newWaiting : this.#waiting
      await new Promise<void>((resolve) => queue.push(resolve))
    }
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift() ?? this.#newWaiting.shift()
      if (next === undefined) this.#taken -= 1
      else next() // Takes over the place.
    }
  }
}
