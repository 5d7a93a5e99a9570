/**
 * Looks every second whether files have other content, so that what they say counts without a restart. By content and not
 * by its time or by events, which a mounted ConfigMap, a network file system or a second change within a tick would fool.
 */

/** What a watch needs of a clock. */
export interface WatchClock {
  /** Calls back once, and gives what prevents it. Milliseconds. */
  after(delayMs: number, callback: () => void): () => void
}

/** How a watch looks. */
export interface WatchOptions {
  /** Reads what is watched. What cannot be read is as unchanged: whoever loads it will say so. */
  readonly read: () => Promise<Buffer>
  /** What was there before the first look; without it the first look is a change. */
  readonly initial?: Buffer
  /** How many looks in a row have to see the same: with two, nobody gets a file that is half written. */
  readonly looks?: number
  readonly onChange: () => void
}

const everyMs = 1_000

/** Watches until it is stopped. */
export class FileWatch {
  readonly #clock: WatchClock
  readonly #options: WatchOptions
  #known: Buffer | undefined
  #seen: Buffer | undefined
  #timesSeen = 0
  #cancel: (() => void) | undefined
  #isStopped = false

  constructor(clock: WatchClock, options: WatchOptions) {
    this.#clock = clock
    this.#options = options
    this.#known = options.initial
    this.#schedule()
  }

  /** Looks no more. */
  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  /** This content is in force, whoever read it: from now on everything else is a change, also what was there before. */
  knows(content: Buffer): void {
    this.#known = content
  }

  #schedule(): void {
    this.#cancel = this.#clock.after(everyMs, () => void this.#look())
  }

  async #look(): Promise<void> {
    const content = await this.#options.read().catch(() => undefined)
    if (this.#isStopped) return
    if (content !== undefined && this.#isNews(content)) {
      this.#known = content
      this.#options.onChange()
    }
    this.#schedule()
  }

  #isNews(content: Buffer): boolean {
    this.#timesSeen = this.#seen?.equals(content) === true ? this.#timesSeen + 1 : 1
    this.#seen = content
    return this.#timesSeen >= (this.#options.looks ?? 1) && this.#known?.equals(content) !== true
  }
}
