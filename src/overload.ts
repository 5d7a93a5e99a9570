/**
 * What is refused at once while the gate has more to do than time for it (ADR 0027). Part of the composition root.
 *
 * The rules are:
 *   - a token that is known is never refused here: its answer costs no more than the refusal would;
 *   - while the event loop is late, nothing is begun for a token that is not known: no signature, no question to an issuer;
 *   - while the queue for signatures is late, no JWT is taken apart that would have to join it.
 */
import type { VerificationQueue } from './token/index.js'

/** The threads that Node verifies signatures on, unless it is told otherwise (`UV_THREADPOOL_SIZE`). */
const threads = 4

/**
 * How many signatures are verified at the same time where nothing is configured. With fewer cores than threads these take turns with
 * the event loop, which then waits for all of them though it verifies no more for it (ADR 0038).
 */
export function usualVerifications(cores: number): number {
  return Math.min(threads, cores)
}

/** What a check was refused for. */
export type Overloaded = 'loop' | 'queue'

/** How many were refused so far, since the process began. */
export type ShedCounts = Record<Overloaded, number>

/** What tells whether there is too much to do. */
export interface Pressure {
  readonly loop: { readonly delayMs: number }
  readonly maxLoopDelayMs: number
  /** Undefined where a token need not have a signature, so that each has to be looked at first. */
  readonly signatures: VerificationQueue | undefined
  readonly shed: ShedCounts
}

/** Builds what is asked before anything is begun for a token that is not known. */
export function createAdmission(pressure: Pressure): () => boolean {
  const { loop, maxLoopDelayMs, signatures, shed } = pressure
  return function mayBegin() {
    if (loop.delayMs > maxLoopDelayMs) {
      shed.loop += 1
      return false
    }
    if (signatures?.isLate === true) {
      shed.queue += 1
      return false
    }
    return true
  }
}
