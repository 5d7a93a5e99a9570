/**
 * The key sets of all issuers, and their life (ADR 0005, ADR 0018).
 *
 * The rules are:
 *   - a known `kid` never waits for the network; a stale set serves through an outage until `maxStaleMs`;
 *   - an unknown `kid` refreshes the set once, single-flight, behind a cooldown that counts from the last refresh that
 *     a token caused, and a `kid` that stayed unknown does not cause another one for a while;
 *   - a signature that is of none of the keys does the same, when the set is not young: a `kid` may name another key now;
 *   - keys that were never loaded, or that could not be refreshed, are "unavailable" and never "unknown";
 *   - loading retries by itself, at most 15 s apart, whether or not anybody asks, as far as there is room (load-lanes.ts);
 *   - a promise is returned only when something is waited for.
 */
import { LRUCache } from 'lru-cache'
import type { JwsAlgorithm } from './algorithm.js'
import type { Clock } from './clock.js'
import { describeFault } from './discovery.js'
import { IssuerKeyState, type IssuerKeyOptions } from './issuer-key-state.js'
import { FileWatch } from './file-watch.js'
import { maxKidLength, type KeySet } from './key-set.js'
import { search, type KeySearch, type Wanted } from './key-search.js'
import { KeySnapshots, type SnapshotObserver } from './key-snapshots.js'
import type { SnapshotFiles } from './key-snapshot.js'
import { fileOf, loadKeySet, urlOf, type KeySourceAccess, type LoadedKeySet } from './key-source.js'
import { LoadLanes } from './load-lanes.js'
import type { VerificationKey } from './verification-key.js'

/** What the watching rooms are told. Must not throw. */
export interface KeySetObserver extends SnapshotObserver {
  refreshed(issuerId: string, fault: string | undefined): void
}

/** What the key sets need from outside. */
export interface KeySetsDependencies {
  readonly clock: Clock
  readonly access: (options: IssuerKeyOptions) => KeySourceAccess
  readonly observer: KeySetObserver
  readonly random: () => number
  /** Where sets are kept for the next start; undefined keeps none. */
  readonly snapshotFiles?: SnapshotFiles | undefined
}

const firstRetryMs = 500
const lastRetryMs = 15_000
const maxCachedSets = 10_000
const maxFruitlessRefreshes = 10_000
const fruitlessMemoryMs = 60_000

/** All key sets. Knows issuers by the id that the configuration gave them. */
export class KeySets {
  readonly #states: ReadonlyMap<string, IssuerKeyState>
  /** Makes refreshes single-flight; what is searched is in the states. */
  readonly #cache: LRUCache<string, KeySet>
  /** What a refresh was made for in vain, a short while ago. */
  readonly #fruitless: LRUCache<string, true>
  readonly #dependencies: KeySetsDependencies
  readonly #snapshots: KeySnapshots | undefined
  readonly #watches: FileWatch[] = []
  readonly #lanes = new LoadLanes()
  readonly #status: readonly IssuerKeyState[]
  #stopped = false

  constructor(issuers: readonly IssuerKeyOptions[], dependencies: KeySetsDependencies) {
    const { clock, observer, snapshotFiles } = dependencies
    this.#dependencies = dependencies
    this.#states = new Map(issuers.map((options) => [options.id, new IssuerKeyState(options)]))
    this.#status = [...this.#states.values()]
    const perf = { now: (): number => clock.monotonicMs() }
    this.#fruitless = new LRUCache({ max: maxFruitlessRefreshes, ttl: fruitlessMemoryMs, perf })
    this.#cache = new LRUCache({
      max: maxCachedSets,
      perf,
      noDeleteOnFetchRejection: true,
      allowStaleOnFetchRejection: true,
      fetchMethod: async (id: string) => await this.#fetch(this.#stateOf(id)),
    })
    if (snapshotFiles !== undefined) {
      this.#snapshots = new KeySnapshots(snapshotFiles, clock, observer)
    }
  }

  /**
   * Starts loading every set that is not left to its first use, and keeps them fresh from then on; a snapshot serves until
   * the first one is there.
   */
  start(): void {
    for (const state of this.#states.values()) {
      this.#snapshots?.restore(state)
      if (state.options.loadAtFirstUse !== true) void this.#refresh(state)
      this.#watch(state)
    }
  }

  /** Stops all timers. Searches still work on what is loaded. */
  stop(): void {
    this.#stopped = true
    for (const state of this.#states.values()) state.cancelTimer()
    for (const watch of this.#watches) watch.stop()
  }

  /** How every issuer's keys are, for readiness, metrics and operators. */
  status(): readonly IssuerKeyState[] {
    return this.#status
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
    if (set !== undefined) return this.#searchOrRefresh(state, set, { kid, algorithm })
    // Who asks joins a load that is under way, and starts one only when no retry is waiting for its time.
    return state.isRetryPending && state.restoring === undefined
      ? unavailable(state)
      : this.#loadThenFind(state, { kid, algorithm })
  }

  /**
   * Keys beside those that were tried in vain, after a refresh that a signature of none of them causes. Undefined when
   * there is none to wait for: the set is young, or others caused one a moment ago. Never rejects.
   */
  findOthers(
    issuerId: string,
    kid: string | undefined,
    algorithm: JwsAlgorithm,
    tried: readonly VerificationKey[],
  ): Promise<readonly VerificationKey[]> | undefined {
    const state = this.#stateOf(issuerId)
    const memory = JSON.stringify(['signature', issuerId, kid ?? null])
    if (state.isYoung(this.#now()) || this.#heldBack(state, memory) !== undefined) return undefined
    const others = (set: KeySet | undefined): readonly VerificationKey[] => {
      const found = set === undefined ? undefined : search(set, { kid, algorithm })
      return found?.kind === 'keys' ? found.keys.filter((key) => !tried.includes(key)) : []
    }
    return this.#refreshForToken(state, memory, (set) => others(set).length > 0).then(() =>
      others(this.#trustedSet(state)),
    )
  }

  #searchOrRefresh(
    state: IssuerKeyState,
    set: KeySet,
    wanted: Wanted,
  ): KeySearch | Promise<KeySearch> {
    const found = search(set, wanted)
    const { kid } = wanted
    if (found.kind !== 'unknown_key' || kid === undefined || kid.length > maxKidLength) return found
    const memory = JSON.stringify(['kid', state.options.id, kid])
    return this.#heldBack(state, memory) ?? this.#refreshThenFind(state, memory, wanted)
  }

  #trustedSet(state: IssuerKeyState): KeySet | undefined {
    return state.isBeyondTrust(this.#now()) ? undefined : state.set
  }

  async #loadThenFind(state: IssuerKeyState, wanted: Wanted): Promise<KeySearch> {
    const loading = state.isRetryPending ? undefined : this.#refreshNow(state)
    if (state.restoring !== undefined) {
      await (loading === undefined ? state.restoring : Promise.race([state.restoring, loading]))
    }
    if (this.#trustedSet(state) === undefined) await loading
    const set = this.#trustedSet(state)
    return set === undefined ? unavailable(state) : await this.#searchOrRefresh(state, set, wanted)
  }

  /** Why no refresh is made for a token now, as the answer to its search; undefined when one is made or joined. */
  #heldBack(state: IssuerKeyState, memory: string): KeySearch | undefined {
    if (state.isRefreshingForToken) return undefined
    if (this.#fruitless.get(memory) === true) return { kind: 'unknown_key' }
    if (!state.isCoolingDown(this.#now())) return undefined
    return state.lastTokenRefreshFailed ? unavailable(state) : { kind: 'unknown_key' }
  }

  async #refreshThenFind(
    state: IssuerKeyState,
    memory: string,
    wanted: Wanted,
  ): Promise<KeySearch> {
    await this.#refreshForToken(state, memory, (set) => search(set, wanted).kind !== 'unknown_key')
    const set = this.#trustedSet(state)
    if (set === undefined) return unavailable(state)
    const found = search(set, wanted)
    // Fail closed, and do not blame the token for an outage: the key may be in the document that could not be read.
    return found.kind === 'unknown_key' && state.lastTokenRefreshFailed ? unavailable(state) : found
  }

  /** Refreshes because of a token, or joins the refresh that another one caused; remembers it when it was in vain. */
  async #refreshForToken(
    state: IssuerKeyState,
    memory: string,
    isEnough: (set: KeySet) => boolean,
  ): Promise<void> {
    const isJoining = state.isRefreshingForToken
    const isThere = (): boolean => {
      const set = this.#trustedSet(state)
      return set !== undefined && isEnough(set)
    }
    await state.refreshForToken(this.#now(), async () => {
      // A refresh that was already under way may have read the document before the key was published.
      if (state.isRefreshing) await this.#refreshNow(state)
      return isThere() || (await this.#refreshNow(state))
    })
    // A refresh that was joined may have read the document before this key was published.
    if (!isJoining && !state.lastTokenRefreshFailed && !isThere()) this.#fruitless.set(memory, true)
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
    const { id } = state.options
    state.cancelTimer()
    try {
      const access = this.#dependencies.access(state.options)
      const loaded = await this.#load(state, access)
      const set = state.loaded(loaded.set, { atMs: this.#now(), maxAgeMs: loaded.maxAgeMs })
      this.#snapshots?.save(state)
      return set
    } catch (error) {
      state.failed(describeFault(error))
      throw error
    } finally {
      this.#schedule(state)
      this.#dependencies.observer.refreshed(id, state.lastFault)
    }
  }

  async #load(state: IssuerKeyState, access: KeySourceAccess): Promise<LoadedKeySet> {
    const { options, failuresInARow } = state
    if (urlOf(options.source) === undefined) return await loadKeySet(options, access) // Nobody is asked.
    const lane = failuresInARow > 0 ? 'failing' : 'due'
    return await this.#lanes.run(
      options.id,
      state.isAskedFor ? 'asked' : lane,
      async () => await loadKeySet(options, access),
    )
  }

  /** Loads, or joins the load under way, because a token needs it. */
  async #refreshNow(state: IssuerKeyState): Promise<boolean> {
    state.isAskedFor = true
    this.#lanes.hurry(state.options.id)
    const isFresh = await this.#refresh(state)
    state.isAskedFor = false
    return isFresh
  }

  #watch(state: IssuerKeyState): void {
    const { options } = state
    const path = fileOf(options.source)
    if (path === undefined) return
    const { access, clock } = this.#dependencies
    const read = async (): Promise<Buffer> => await access(options).readFile(path)
    this.#watches.push(new FileWatch(clock, read, () => void this.#refresh(state)))
  }

  #schedule(state: IssuerKeyState): void {
    if (this.#stopped) return
    const { random, clock } = this.#dependencies
    // Up to a tenth earlier, so that many gates do not ask an issuer at the same moment.
    const jitter = 1 - random() / 10
    const delay =
      state.failuresInARow === 0
        ? state.refreshMs
        : Math.min(firstRetryMs * 2 ** (state.failuresInARow - 1), lastRetryMs)
    const cancel = clock.after(delay * jitter, () => void this.#refresh(state))
    state.setTimer(cancel, this.#now() + delay * jitter)
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

function unavailable(state: IssuerKeyState): KeySearch {
  return { kind: 'unavailable', cause: state.lastFault }
}
