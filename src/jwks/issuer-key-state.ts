/** What is known about one issuer's keys between two refreshes. Holds no keys for searching: the cache does. */
import type { KeySet } from './key-set.js'
import type { KeySource } from './key-source.js'
import type { VerificationKey } from './verification-key.js'

/** How the keys of one issuer are obtained and how long they are believed. All times in milliseconds. */
export interface IssuerKeyOptions {
  /** The configuration's name for the issuer. */
  readonly id: string
  readonly source: KeySource
  readonly refreshMs: number
  readonly maxStaleMs: number
  /** Shortest time between two refreshes that unknown `kid`s cause. */
  readonly cooldownMs: number
  readonly timeoutMs: number
  readonly allowInsecure: boolean
}

/** The bookkeeping of one issuer. Monotonic milliseconds throughout. */
export class IssuerKeyState {
  readonly options: IssuerKeyOptions
  set: KeySet | undefined
  loads = 0
  loadedAtMs: number | undefined
  failuresInARow = 0
  /** One line for operators, or undefined while all is well. */
  lastFault: string | undefined
  isRefreshing = false
  lastUnknownKidRefreshFailed = false
  #lastUnknownKidRefreshMs = Number.NEGATIVE_INFINITY
  #unknownKidRefresh: Promise<void> | undefined
  #cancelTimer: (() => void) | undefined

  constructor(options: IssuerKeyOptions) {
    this.options = options
  }

  /** Takes over a loaded set: keys that stay keep their object, keys that are gone lose their trust at once. */
  loaded(set: KeySet, nowMs: number): KeySet {
    const known = new Map(this.set?.keys.map((key) => [identityOf(key), key]))
    const keys = set.keys.map((key) => known.get(identityOf(key)) ?? key)
    for (const key of this.set?.keys ?? []) key.trustedUntilMs = 0
    for (const key of keys) key.trustedUntilMs = nowMs + this.options.maxStaleMs
    this.set = { keys, refusedKeys: set.refusedKeys }
    this.loads += 1
    this.loadedAtMs = nowMs
    this.failuresInARow = 0
    this.lastFault = undefined
    return this.set
  }

  /** Notes a refresh that failed; what was loaded before stays as it is. */
  failed(fault: string): void {
    this.failuresInARow += 1
    this.lastFault = fault
  }

  /** Whether the set is too old to be believed. */
  isBeyondTrust(nowMs: number): boolean {
    return this.loadedAtMs === undefined || nowMs >= this.loadedAtMs + this.options.maxStaleMs
  }

  /** Whether an unknown `kid` caused a refresh so short a time ago that it may not cause another. */
  isCoolingDown(nowMs: number): boolean {
    return nowMs < this.#lastUnknownKidRefreshMs + this.options.cooldownMs
  }

  /** Whether a refresh that an unknown `kid` caused is under way. */
  get isRefreshingForUnknownKid(): boolean {
    return this.#unknownKidRefresh !== undefined
  }

  /** Runs a refresh for an unknown `kid`, or joins the one under way. `refresh` resolves to whether it succeeded. */
  async refreshForUnknownKid(nowMs: number, refresh: () => Promise<boolean>): Promise<void> {
    if (this.#unknownKidRefresh === undefined) {
      this.#lastUnknownKidRefreshMs = nowMs
      this.#unknownKidRefresh = refresh().then((succeeded) => {
        this.lastUnknownKidRefreshFailed = !succeeded
        this.#unknownKidRefresh = undefined
      })
    }
    await this.#unknownKidRefresh
  }

  /** Whether the next attempt waits for its time after a failure. */
  get isRetryPending(): boolean {
    return this.failuresInARow > 0 && this.#cancelTimer !== undefined
  }

  /** Replaces the timer of the next refresh. */
  setTimer(cancel: () => void): void {
    this.cancelTimer()
    this.#cancelTimer = cancel
  }

  /** Ends the timer of the next refresh. */
  cancelTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}

/** Two published keys are the same one when their name, their algorithm and their material are. */
function identityOf({ kid, algorithm, thumbprint }: VerificationKey): string {
  return JSON.stringify([kid, algorithm, thumbprint])
}
