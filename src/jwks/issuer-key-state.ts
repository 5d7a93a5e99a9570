/** What is known about one issuer's keys between two refreshes: the set that is searched, its age, its faults. */
import type { KeySet } from './key-set.js'
import type { KeySource } from './key-source.js'
import { refreshDelayMs } from './refresh-delay.js'
import type { VerificationKey } from './verification-key.js'

/** How the keys of one issuer are obtained and how long they are believed. All times in milliseconds. */
export interface IssuerKeyOptions {
  /** The configuration's name for the issuer. */
  readonly id: string
  /** What the issuer calls itself; keys of one issuer never serve another. */
  readonly issuer: string
  readonly source: KeySource
  readonly refreshMs: number
  readonly maxStaleMs: number
  /** Shortest time between two refreshes that tokens cause. */
  readonly cooldownMs: number
  readonly timeoutMs: number
  readonly allowInsecure: boolean
  /** The only certificate authorities that the source's server may show; undefined are those of the system. */
  readonly caFile?: string | undefined
  /** A token that the source asks for, sent to its origin only. */
  readonly bearerTokenFile?: string | undefined
  /** Certificates that the chain of every key has to lead to. */
  readonly trustAnchorsFile?: string | undefined
  /** Whether nothing is loaded before a token needs it. */
  readonly loadAtFirstUse?: boolean
}

/** How a set was obtained. */
export interface Loading {
  /** Monotonic milliseconds at which the source was read; may be negative when that was before this process. */
  readonly atMs: number
  /** Wall milliseconds at that moment; without them no certificate is believed. */
  readonly atWallMs?: number | undefined
  /** How long the source says that its answer stays fresh; undefined when it says nothing. */
  readonly maxAgeMs?: number | undefined
  /** Which load it was, by {@link IssuerKeyState.begin}; the newest when it is left out. */
  readonly number?: number
}

/** The bookkeeping of one issuer. Monotonic milliseconds throughout. */
export class IssuerKeyState {
  readonly options: IssuerKeyOptions
  /** Whether the gate is not ready before the first set is there: not for issuers that a gate at work is given. */
  readonly isRequired: boolean
  set: KeySet | undefined
  /** How often the source was loaded; a snapshot is not the source. */
  loads = 0
  loadedAtMs: number | undefined
  /** Whether the set was kept from an earlier life of the process, and the source not yet loaded in this one. */
  isFromSnapshot = false
  failuresInARow = 0
  /** One line for operators, or undefined while all is well. */
  lastFault: string | undefined
  isRefreshing = false
  /** Whether a token waits for the load that is under way. */
  isAskedFor = false
  /** When the next refresh is due; undefined while one is under way. */
  nextRefreshAtMs: number | undefined
  /** Resolves once it is known whether a snapshot can be used; undefined when there is nothing to wait for. */
  restoring: Promise<void> | undefined
  lastTokenRefreshFailed = false
  /** Keys that are being read by their names, so that each is read once at a time. */
  readonly reads: Map<string, Promise<boolean>> = new Map<string, Promise<boolean>>()
  #refreshMs: number
  #lastTokenRefreshMs = Number.NEGATIVE_INFINITY
  #tokenRefresh: Promise<void> | undefined
  #cancelTimer: (() => void) | undefined
  #isEnded = false
  #begun = 0
  /** The number of the load whose set is in use. */
  #newest = 0

  constructor(options: IssuerKeyOptions, isRequired = true) {
    this.options = options
    this.isRequired = isRequired
    this.#refreshMs = options.refreshMs
  }

  /** A load begins: its number, for {@link loaded}. */
  begin(): number {
    this.#begun += 1
    return this.#begun
  }

  /** Takes over a set from the source. */
  loaded(set: KeySet, { atMs, atWallMs, maxAgeMs, number = this.begin() }: Loading): KeySet {
    // Two may be under way around a reload: what the older one read would bring withdrawn keys back.
    if (number < this.#newest && this.set !== undefined) return this.set
    this.#newest = number
    const taken = this.#take(set, atMs, atWallMs)
    this.sourceRead()
    this.#refreshMs = refreshDelayMs(this.options, maxAgeMs)
    return taken
  }

  /** Takes over one key that was read by its name, beside the others; another one of that name loses its trust. */
  keyRead(key: VerificationKey, { atMs, atWallMs = Number.POSITIVE_INFINITY }: Loading): void {
    const known = this.set?.keys.find((one) => identityOf(one) === identityOf(key)) ?? key
    this.keyGone(key.kid)
    known.trustedUntilMs = this.#isEnded ? 0 : this.#trustEnd(key, atMs, atWallMs)
    known.readAtMs = atMs
    this.#useKeys([...(this.set?.keys ?? []), known])
    this.loadedAtMs = atMs
  }

  /** The source has no key of this name any more, or it is not kept: its trust ends at once. */
  keyGone(kid: string | undefined): void {
    const keys = this.set?.keys ?? []
    for (const key of keys) if (key.kid === kid) key.trustedUntilMs = 0
    this.#useKeys(keys.filter((key) => key.kid !== kid))
  }

  /** The source was read in this life of the process: all of it, or every key of it that was due. */
  sourceRead(): void {
    this.loads += 1
    this.isFromSnapshot = false
    this.recovered()
  }

  /** The source answers again. */
  recovered(): void {
    this.failuresInARow = 0
    this.lastFault = undefined
  }

  #useKeys(keys: readonly VerificationKey[]): void {
    const isKeepable =
      keys.length > 0 && keys.every(({ certifiedUntilMs }) => certifiedUntilMs === undefined)
    this.set = { keys, refusedKeys: 0, isKeepable }
  }

  /** Takes over a set that was loaded before the process began, unless the source was quicker. */
  restored(set: KeySet, loadedAtMs: number): void {
    if (this.set !== undefined) return
    this.#take(set, loadedAtMs)
    this.isFromSnapshot = true
  }

  /**
   * Takes over from the same issuer under other rules: the keys stay, but nothing that was verified with them before.
   * To be called when the other one is in use no more, so that no key comes along that it has lost meanwhile, and before
   * it ends: each key stays trusted for as long as it was.
   */
  inherit({ set, loadedAtMs, isFromSnapshot }: IssuerKeyState): void {
    if (set === undefined || loadedAtMs === undefined) return
    this.set = { ...set, keys: set.keys.map((key) => key.copy()) }
    this.loadedAtMs = loadedAtMs
    this.isFromSnapshot = isFromSnapshot
  }

  /** The issuer is not trusted any more: ends the timer, and the trust in every key, also of sets still on their way. */
  end(): void {
    this.#isEnded = true
    this.cancelTimer()
    for (const key of this.set?.keys ?? []) key.trustedUntilMs = 0
  }

  /** Certificates do not speak for any key any more: nothing that was loaded before is believed, and nobody waits. */
  withdraw(): void {
    for (const key of this.set?.keys ?? []) key.trustedUntilMs = 0
  }

  /** Notes a refresh that failed; what was loaded before stays as it is. */
  failed(fault: string): void {
    this.failuresInARow += 1
    this.lastFault = fault
  }

  /** Whether nobody has needed the set yet, and it is left to its first use. */
  get isUnused(): boolean {
    return (
      this.options.loadAtFirstUse === true && this.loadedAtMs === undefined && !this.isRefreshing
    )
  }

  /** How long after a successful load the next one is due. */
  get refreshMs(): number {
    return this.#refreshMs
  }

  /** Whether the set is too old to be believed, or the certificates of all its keys ended. */
  isBeyondTrust(nowMs: number): boolean {
    return this.trustedSet(nowMs) === undefined
  }

  /** The set without the keys whose certificates ended; undefined when there is nothing to believe. */
  trustedSet(nowMs: number): KeySet | undefined {
    const { set, loadedAtMs } = this
    if (set === undefined || loadedAtMs === undefined) return undefined
    if (nowMs >= loadedAtMs + this.options.maxStaleMs) return undefined
    // What was being checked when the issuer ended is still answered, and not remembered.
    const isTrusted = (key: VerificationKey): boolean => this.#isEnded || nowMs < key.trustedUntilMs
    if (set.keys.every(isTrusted)) return set
    const keys = set.keys.filter(isTrusted)
    return keys.length === 0 ? undefined : { ...set, keys }
  }

  /** Whether the set is so young that the source is not asked again because of a token. */
  isYoung(nowMs: number): boolean {
    return this.loadedAtMs !== undefined && nowMs < this.loadedAtMs + this.options.cooldownMs
  }

  /** Whether a token caused a refresh so short a time ago that none may cause another. */
  isCoolingDown(nowMs: number): boolean {
    return nowMs < this.#lastTokenRefreshMs + this.options.cooldownMs
  }

  /** Whether a refresh that a token caused is under way. */
  get isRefreshingForToken(): boolean {
    return this.#tokenRefresh !== undefined
  }

  /** Runs a refresh that a token causes, or joins the one under way. `refresh` resolves to whether it succeeded. */
  async refreshForToken(nowMs: number, refresh: () => Promise<boolean>): Promise<void> {
    if (this.#tokenRefresh === undefined) {
      this.#lastTokenRefreshMs = nowMs
      this.#tokenRefresh = refresh().then((succeeded) => {
        this.lastTokenRefreshFailed = !succeeded
        this.#tokenRefresh = undefined
      })
    }
    await this.#tokenRefresh
  }

  /** Whether the next attempt waits for its time after a failure. */
  get isRetryPending(): boolean {
    return this.failuresInARow > 0 && this.#cancelTimer !== undefined
  }

  /** Replaces the timer of the next refresh. */
  setTimer(cancel: () => void, dueAtMs: number): void {
    this.cancelTimer()
    this.#cancelTimer = cancel
    this.nextRefreshAtMs = dueAtMs
  }

  /** Ends the timer of the next refresh. */
  cancelTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.nextRefreshAtMs = undefined
  }

  /** Keys that stay keep their object, keys that are gone lose their trust at once. */
  #take(set: KeySet, atMs: number, atWallMs = Number.POSITIVE_INFINITY): KeySet {
    const known = new Map(this.set?.keys.map((key) => [identityOf(key), key]))
    const keys = set.keys.map((key) => known.get(identityOf(key)) ?? key)
    for (const key of this.set?.keys ?? []) key.trustedUntilMs = 0
    for (const [index, { certifiedUntilMs }] of set.keys.entries()) {
      const key = keys[index]
      if (key === undefined || this.#isEnded) continue
      // The same key may stand there with an old certificate and a new one.
      const until = this.#trustEnd({ certifiedUntilMs }, atMs, atWallMs)
      key.trustedUntilMs = Math.max(key.trustedUntilMs, until)
      key.readAtMs = atMs
    }
    this.set = { ...set, keys }
    this.loadedAtMs = atMs
    return this.set
  }

  #trustEnd(
    { certifiedUntilMs }: Pick<VerificationKey, 'certifiedUntilMs'>,
    atMs: number,
    atWallMs: number,
  ): number {
    const { maxStaleMs } = this.options
    return (
      atMs +
      (certifiedUntilMs === undefined
        ? maxStaleMs
        : Math.min(maxStaleMs, certifiedUntilMs - atWallMs))
    )
  }
}

/** Two published keys are the same one when their name, their algorithm, their material and whose they are are. */
function identityOf({ kid, algorithm, thumbprint, issuer }: VerificationKey): string {
  return JSON.stringify([kid, algorithm, thumbprint, issuer])
}
