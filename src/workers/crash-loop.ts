/** How many workers were lost in a row, and what follows from it. Times are monotonic milliseconds. */

/** A worker that was ready for so long was not lost in a loop. */
const soundLifeMs = 10_000
const maxFailures = 10
const firstPauseMs = 100
const maxPauseMs = 5_000

/** Counts losses. */
export class CrashLoop {
  /** What to say when there is no hope any more. */
  static readonly giveUpLine: string = `scopegate: ${String(maxFailures)} workers in a row were lost`
  #failures = 0

  /** A worker is lost that has been ready since then, or never was. */
  lost(readyAtMs: number | undefined, nowMs: number): void {
    const isSound = readyAtMs !== undefined && nowMs - readyAtMs >= soundLifeMs
    this.#failures = isSound ? 0 : this.#failures + 1
  }

  /** Another worker would be lost like those before. */
  get isHopeless(): boolean {
    return this.#failures >= maxFailures
  }

  /** How long to wait before the next one is started. */
  get pauseMs(): number {
    if (this.#failures <= 1) return 0
    return Math.min(firstPauseMs * 2 ** (this.#failures - 2), maxPauseMs)
  }
}
