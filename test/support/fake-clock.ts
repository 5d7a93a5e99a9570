/** A clock that only moves when a test moves it. */
import type { Clock } from '../../src/jwks/index.js'

export interface FakeClock extends Clock {
  /** Moves both times and runs every callback that became due, in order. */
  advance(ms: number): void
  /** Moves only the wall clock, as an administrator would. */
  setWall(ms: number): void
  /** How many callbacks are to come. */
  readonly timers: number
}

export function createFakeClock(wallMs = Date.now()): FakeClock {
  let wall = wallMs
  let monotonic = 1_000
  const timers = new Map<() => void, number>()
  return {
    wallMs: () => wall,
    monotonicMs: () => monotonic,
    after(delayMs, callback) {
      const run = (): void => {
        callback()
      }
      timers.set(run, monotonic + delayMs)
      return () => timers.delete(run)
    },
    advance(ms) {
      const end = monotonic + ms
      for (;;) {
        const [next] = [...timers].filter(([, at]) => at <= end).sort(([, a], [, b]) => a - b)
        if (next === undefined) break
        const [run, at] = next
        timers.delete(run)
        wall += Math.max(0, at - monotonic)
        monotonic = Math.max(monotonic, at)
        run()
      }
      wall += end - monotonic
      monotonic = end
    },
    setWall(ms) {
      wall = ms
    },
    get timers() {
      return timers.size
    },
  }
}
