/**
 * The key sets of all issuers, and their life (ADR 0005).
 *
 * The rules are:
 *   - a known `kid` never waits for the network; a stale set serves through an outage until `maxStaleMs`;
 *   - an unknown `kid` refreshes the set once, single-flight, behind a cooldown that counts from the last refresh that
 *     an unknown `kid` caused, and a `kid` that stayed unknown does not cause another one for a while;
 *   - keys that were never loaded, or that could not be refreshed, are "unavailable" and never "unknown";
 *   - loading retries by itself, at most 15 s apart, whether or not anybody asks.
 */
import { LRUCache } from 'lru-cache'
import type { JwsAlgorithm } from './algorithm.js'
import type { Clock } from './clock.js'
import { describeFault } from './discovery.js'
import { IssuerKeyState, type IssuerKeyOptions } from './issuer-key-state.js'
import { maxKidLength, parseKeySet, type KeySet } from './key-set.js'
import { loadKeyDocument, type KeySourceAccess } from './key-source.js'
import type { VerificationKey } from './verification-key.js'

/** What a search for a verification key ends with. */
export type KeySearch =
  | { readonly kind: 'keys'; readonly keys: readonly VerificationKey[] }
  | { readonly kind: 'unknown_key' }
  | { readonly kind: 'algorithm_not_allowed' }
  | { readonly kind: 'unavailable'; readonly cause: unknown }

/** What the watching rooms are told. Must not throw. */
export interface KeySetObserver {
  refreshed(issuerId: string, fault: string | undefined): void
}

/** What the key sets need from outside. */
export interface KeySetsDependencies {
  readonly clock: Clock
  readonly access: (options: IssuerKeyOptions) => KeySourceAccess
  readonly observer: KeySetObserver
  readonly random: () => number
}

const firstRetryMs = 500
const lastRetryMs = 15_000
const maxCachedSets = 10_000
const maxUnknownKids = 10_000
const unknownKidMemoryMs = 60_000
const maxCandidates = 16

/** All key sets. Knows issuers by the id that the configuration gave them. */
export class KeySets {
  readonly #states: ReadonlyMap<string, IssuerKeyState>
  readonly #cache: LRUCache<string, KeySet>
  readonly #unknownKids: LRUCache<string, true>
  readonly #dependencies: KeySetsDependencies
  #stopped = false

  constructor(issuers: readonly IssuerKeyOptions[], dependencies: KeySetsDependencies) {
    this.#dependencies = dependencies
    this.#states = new Map(issuers.map((options) => [options.id, new IssuerKeyState(options)]))
    const perf = { now: (): number => dependencies.clock.monotonicMs() }
    this.#unknownKids = new LRUCache({ max: maxUnknownKids, ttl: unknownKidMemoryMs, perf })
    this.#cache = new LRUCache({
      max: maxCachedSets,
      perf,
      noDeleteOnFetchRejection: true,
      allowStaleOnFetchRejection: true,
      fetchMethod: async (id: string) => await this.#fetch(this.#stateOf(id)),
    })
  }

  /** Starts loading every set and keeps them fresh from then on. */
  start(): void {
    for (const state of this.#states.values()) void this.#refresh(state)
  }

  /** Stops all timers. Searches still work on what is loaded. */
  stop(): void {
    this.#stopped = true
    for (const state of this.#states.values()) state.cancelTimer()
  }

  /** How every issuer's keys are, for readiness, metrics and operators. */
  status(): readonly IssuerKeyState[] {
    return [...this.#states.values()]
  }

  /**
   * The keys that may have signed a token with this `kid` and algorithm. Answers at once when the key is known; only
   * an unknown `kid` and a set that was never loaded are waited for. Never rejects.
   */
  find(
    issuerId: string,
    kid: string | undefined,
    algorithm: JwsAlgorithm,
  ): KeySearch | Promise<KeySearch> {
    const state = this.#stateOf(issuerId)
    const set = this.#trustedSet(state)
    if (set === undefined) return this.#loadThenFind(state, kid, algorithm)
    return this.#searchOrRefresh(state, set, kid, algorithm)
  }

  #searchOrRefresh(
    state: IssuerKeyState,
    set: KeySet,
    kid: string | undefined,
    algorithm: JwsAlgorithm,
  ): KeySearch | Promise<KeySearch> {
    const found = search(set, kid, algorithm)
    if (found.kind !== 'unknown_key' || kid === undefined || kid.length > maxKidLength) return found
    return this.#refreshThenFind(state, kid, algorithm)
  }

  #trustedSet(state: IssuerKeyState): KeySet | undefined {
    const set = this.#cache.get(state.options.id)
    return set === undefined || state.isBeyondTrust(this.#now()) ? undefined : set
  }

  async #loadThenFind(
    state: IssuerKeyState,
    kid: string | undefined,
    algorithm: JwsAlgorithm,
  ): Promise<KeySearch> {
    // A request joins a load that is under way; it starts one only when no retry is waiting for its time.
    if (!state.isRetryPending) await this.#refresh(state)
    const set = this.#trustedSet(state)
    return set === undefined
      ? { kind: 'unavailable', cause: state.lastFault }
      : await this.#searchOrRefresh(state, set, kid, algorithm)
  }

  async #refreshThenFind(
    state: IssuerKeyState,
    kid: string,
    algorithm: JwsAlgorithm,
  ): Promise<KeySearch> {
    const memory = `${state.options.id}\n${kid}`
    const isJoining = state.isRefreshingForUnknownKid
    if (!isJoining) {
      if (this.#unknownKids.get(memory) === true) return { kind: 'unknown_key' }
      if (state.isCoolingDown(this.#now())) {
        return state.lastUnknownKidRefreshFailed
          ? { kind: 'unavailable', cause: state.lastFault }
          : { kind: 'unknown_key' }
      }
    }
    await state.refreshForUnknownKid(this.#now(), async () => {
      // A refresh that was already under way may have read the document before the key was published.
      if (state.isRefreshing) await this.#refresh(state)
      const set = this.#trustedSet(state)
      if (set !== undefined && search(set, kid, algorithm).kind !== 'unknown_key') return true
      return await this.#refresh(state)
    })
    const set = this.#trustedSet(state)
    if (set === undefined) return { kind: 'unavailable', cause: state.lastFault }
    const found = search(set, kid, algorithm)
    if (found.kind !== 'unknown_key') return found
    // Fail closed, and do not blame the token for an outage: the key may be in the document that could not be read.
    if (state.lastUnknownKidRefreshFailed) return { kind: 'unavailable', cause: state.lastFault }
    // A refresh that was joined may have read the document before this key was published.
    if (!isJoining) this.#unknownKids.set(memory, true)
    return found
  }

  /** Refreshes the set, or joins the refresh under way. Resolves to whether the set is fresh; never rejects. */
  async #refresh(state: IssuerKeyState): Promise<boolean> {
    const before = state.loads
    state.isRefreshing = true
    try {
      await this.#cache.fetch(state.options.id, { forceRefresh: true })
    } catch {
      // Told to the observer, and kept in the state, where the fetch itself failed.
    }
    state.isRefreshing = false
    return state.loads > before
  }

  async #fetch(state: IssuerKeyState): Promise<KeySet> {
    const { id, source } = state.options
    state.cancelTimer()
    try {
      const access = this.#dependencies.access(state.options)
      const set = await parseKeySet(await loadKeyDocument(source, access))
      return state.loaded(set, this.#now())
    } catch (error) {
      state.failed(describeFault(error))
      throw error
    } finally {
      this.#schedule(state)
      this.#dependencies.observer.refreshed(id, state.lastFault)
    }
  }

  #schedule(state: IssuerKeyState): void {
    if (this.#stopped) return
    const { random, clock } = this.#dependencies
    // Up to a tenth earlier, so that many gates do not ask an issuer at the same moment.
    const jitter = 1 - random() / 10
    const delay =
      state.failuresInARow === 0
        ? state.options.refreshMs
        : Math.min(firstRetryMs * 2 ** (state.failuresInARow - 1), lastRetryMs)
    state.setTimer(clock.after(delay * jitter, () => void this.#refresh(state)))
  }

  #now(): number {
    return this.#dependencies.clock.monotonicMs()
  }

  #stateOf(issuerId: string): IssuerKeyState {
    const state = this.#states.get(issuerId)
    if (state === undefined) throw new TypeError(`no issuer has the id ${issuerId}`)
    return state
  }
}

/** A token without `kid` is tried with the fitting keys, up to a bound; one with `kid` only with keys of that name. */
function search(set: KeySet, kid: string | undefined, algorithm: JwsAlgorithm): KeySearch {
  const named = kid === undefined ? set.keys : set.keys.filter((key) => key.kid === kid)
  if (named.length === 0) return { kind: 'unknown_key' }
  const keys = named.filter((key) => key.fits(algorithm)).slice(0, maxCandidates)
  if (keys.length > 0) return { kind: 'keys', keys }
  return { kind: kid === undefined ? 'unknown_key' : 'algorithm_not_allowed' }
}
