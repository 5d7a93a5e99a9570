/** Time as a dependency, so that tests decide what time it is. */

/** Times in milliseconds: of the day, that never goes back, and a call after a while that can be cancelled. */
export interface Clock {
  readonly wallMs: () => number
  readonly monotonicMs: () => number
  readonly after: (delayMs: number, callback: () => void) => () => void
}
