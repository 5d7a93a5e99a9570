/** Real time, as server.ts hands it to every room. */
import type { Clock } from './jwks/index.js'

/** The machine's clocks. Its timers keep no process alive. */
export const clock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs).unref()
    return () => {
      clearTimeout(timer)
    }
  },
}
