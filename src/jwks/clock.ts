/** Time as a dependency, so that tests decide what time it is. */
export interface Clock {
  /** Milliseconds since the epoch: what token claims are compared with. */
  readonly wallMs: () => number
  /** Milliseconds that never go back: what ages, budgets and timers are measured in. */
  readonly monotonicMs: () => number
  /** Calls back after a while, without keeping the process alive. Returns a function that cancels. */
  readonly after: (delayMs: number, callback: () => void) => () => void
}
