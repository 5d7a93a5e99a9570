/** Time as a dependency, so that tests decide what time it is. */
export interface Clock {
  /** Milliseconds since the epoch: what token claims are compared with. */
  wallMs(): number
  /** Milliseconds that never go back: what ages, budgets and timers are measured in. */
  monotonicMs(): number
  /** Calls back after a while, without keeping the process alive. Returns a function that cancels. */
  after(delayMs: number, callback: () => void): () => void
}
