/**
 * Two circuits for one endpoint, so that tokens which it cannot cope with shut nobody out but others like them.
 *
 * The rules are:
 *   - tokens that the issuer or its key has spoken for lately have a circuit of their own, which new tokens never open: anybody
 *     can make those up;
 *   - a fault of a known token is the endpoint's and counts in both circuits; a fault of a new one only in theirs;
 *   - an answer about any token shows that the endpoint works, and closes both.
 */
import { CircuitBreaker, type CircuitState } from './circuit-breaker.js'

/** Whom a question is about. */
export interface AskedToken {
  readonly hash: string
  /** Neither active lately nor verified by a key. */
  readonly isNew: boolean
}

/** For whom the endpoint is asked no more: for new tokens, or for all. */
export type Suspension = 'new' | 'all'

/** The circuits of one endpoint. Monotonic milliseconds. */
export class TokenCircuits {
  readonly #forKnown = new CircuitBreaker()
  readonly #forNew = new CircuitBreaker()

  /** The one that lets less through. */
  get state(): CircuitState {
    return this.#forKnown.state === 'closed' ? this.#forNew.state : this.#forKnown.state
  }

  /** Whether no question about the token would go out now; changes nothing. */
  isShut(nowMs: number, { hash, isNew }: AskedToken): boolean {
    return (isNew ? this.#forNew : this.#forKnown).isShut(nowMs, hash)
  }

  /** Whether a question may go out now. Who gets a yes has to report how it ended. */
  mayAsk(nowMs: number, { hash, isNew }: AskedToken): boolean {
    return (isNew ? this.#forNew : this.#forKnown).mayAsk(nowMs, hash)
  }

  /** A question was answered. Returns whether that closed a circuit. */
  succeeded(): boolean {
    const closed = [this.#forKnown.succeeded(), this.#forNew.succeeded()]
    return closed.includes(true)
  }

  /** A question of `askedAtMs` was not answered. `opened` is what that opened; `isFirst` says that all was well before. */
  failed(
    nowMs: number,
    askedAtMs: number,
    { hash, isNew }: AskedToken,
  ): { readonly opened: Suspension | undefined; readonly isFirst: boolean } {
    const opensNew = this.#forNew.failed(nowMs, askedAtMs, hash)
    const opensAll = !isNew && this.#forKnown.failed(nowMs, askedAtMs, hash)
    return {
      opened: opensAll ? 'all' : opensNew ? 'new' : undefined,
      isFirst: this.#forNew.faultsInARow === 1,
    }
  }
}
