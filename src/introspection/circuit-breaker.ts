/**
 * Leaves an endpoint in peace that is in trouble, so that nobody waits for it in vain.
 *
 * The rules are:
 *   - after five faults in a row it is asked no more for five seconds; then one question is let through, and its answer decides;
 *   - faults of one token alone may be that token's: they open nothing for others, and only this token rests for as long;
 *   - a fault of a question that was asked before the circuit opened changes nothing.
 */

/** What the circuit lets through: everything, nothing, or the one question that finds out. */
export type CircuitState = 'closed' | 'open' | 'half_open'

const faultsToOpen = 5
const openMs = 5_000

/** The circuit of one endpoint. Monotonic milliseconds; tokens are told apart by their hashes, of which one is kept. */
export class CircuitBreaker {
  #state: CircuitState = 'closed'
  #faultsInARow = 0
  #openedAtMs = Number.NEGATIVE_INFINITY
  /** The token of the first fault in a row. */
  #firstToken: string | undefined
  #isOfOneToken = true
  #restsUntilMs = Number.NEGATIVE_INFINITY

  /** The state as of the last question. */
  get state(): CircuitState {
    return this.#state
  }

  /** Faults since the last answer. */
  get faultsInARow(): number {
    return this.#faultsInARow
  }

  /** Whether no question about this token would go out now; changes nothing. */
  isShut(nowMs: number, token: string): boolean {
    if (this.#state === 'open') return nowMs < this.#openedAtMs + openMs
    if (this.#state === 'half_open') return true
    return token === this.#firstToken && nowMs < this.#restsUntilMs
  }

  /** Whether a question may go out now. Who gets a yes has to report how it ended. */
  mayAsk(nowMs: number, token: string): boolean {
    if (this.isShut(nowMs, token)) return false
    if (this.#state === 'open') this.#state = 'half_open'
    return true
  }

  /** A question was answered. Returns whether that closed the circuit. */
  succeeded(): boolean {
    const wasClosed = this.#state === 'closed'
    this.#state = 'closed'
    this.#faultsInARow = 0
    this.#firstToken = undefined
    this.#isOfOneToken = true
    return !wasClosed
  }

  /** A question of `askedAtMs` was not answered. Returns whether that opened the circuit; a probe that fails keeps it open. */
  failed(nowMs: number, askedAtMs: number, token: string): boolean {
    // A fault of before would speak for the probe that is under way, or take back its answer.
    if (this.#state === 'open' || askedAtMs <= this.#openedAtMs) return false
    this.#faultsInARow += 1
    this.#firstToken ??= token
    this.#isOfOneToken &&= token === this.#firstToken
    const wasClosed = this.#state === 'closed'
    if (wasClosed && this.#faultsInARow < faultsToOpen) return false
    if (wasClosed && this.#isOfOneToken) {
      this.#restsUntilMs = nowMs + openMs
      return false
    }
    this.#state = 'open'
    this.#openedAtMs = nowMs
    return wasClosed
  }
}
