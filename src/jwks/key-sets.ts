/**
 * The key sets of all issuers, and their life (ADR 0005, ADR 0018).
 *
 * The rules are:
 *   - a known `kid` never waits for the network; a stale set serves through an outage until `maxStaleMs`;
 *   - an unknown `kid` refreshes the set once, single-flight, behind a cooldown that counts from the last refresh that
 *     a token caused, and a `kid` that stayed unknown does not cause another one for a while;
 *   - a signature that is of none of the keys does the same, when the set is not young: a `kid` may name another key now;
 *   - keys that were never loaded, or that could not be refreshed, are "unavailable" and never "unknown";
 *   - a promise is returned only when something is waited for;
 *   - keys that have a URL each are searched for one by one (keys-by-kid.ts);
 *   - key sets that succeed others take over what did not change, and end the trust in what did (ADR 0025).
 */
import { isDeepStrictEqual } from 'node:util'
import { LRUCache } from 'lru-cache'
import type { JwsAlgorithm } from './algorithm.js'
import { IssuerKeyState, type IssuerKeyOptions } from './issuer-key-state.js'
import { searchKeys, type KeySearch, type WantedKey } from './key-search.js'
import { KeyRefresher, type KeySetsDependencies } from './key-refresher.js'
import { maxKidLength, type KeySet } from './key-set.js'
import { KeysByKid } from './keys-by-kid.js'
import type { VerificationKey } from './verification-key.js'

const maxFruitlessRefreshes = 10_000
const fruitlessMemoryMs = 60_000

/** All key sets. Knows issuers by the id that the configuration gave them. */
export class KeySets {
  readonly #states: ReadonlyMap<string, IssuerKeyState>
  /** States that others load and refresh until these key sets succeed them. */
  readonly #taken: ReadonlySet<IssuerKeyState>
  /** What a refresh was made for in vain, a short while ago. */
  readonly #fruitless: LRUCache<string, true>
  readonly #dependencies: KeySetsDependencies
  readonly #refresher: KeyRefresher
  readonly #byKid: KeysByKid
  readonly #status: readonly IssuerKeyState[]
  #firstLoads: Promise<unknown> = Promise.resolve()

  /** The key sets of `issuers`. Of those that {@link successor} makes, `taken` are in use already. */
  constructor(
    issuers: readonly IssuerKeyOptions[],
    dependencies: KeySetsDependencies,
    taken: ReadonlyMap<string, IssuerKeyState> = new Map(),
    isAtWork = false,
  ) {
    this.#dependencies = dependencies
    this.#taken = new Set(taken.values())
    this.#states = new Map(
      issuers.map((options) => [
        options.id,
        taken.get(options.id) ?? new IssuerKeyState(options, !isAtWork),
      ]),
    )
    this.#status = [...this.#states.values()]
    const perf = { now: (): number => this.#now() }
    this.#fruitless = new LRUCache({ max: maxFruitlessRefreshes, ttl: fruitlessMemoryMs, perf })
    this.#refresher = new KeyRefresher(dependencies)
    this.#byKid = new KeysByKid(
      dependencies.clock,
      async (state, kid) => await this.#refresher.readKid(state, kid),
    )
  }

  /**
   * Starts loading every set that is not in use already nor left to its first use, and keeps it fresh from then on; a
   * snapshot serves until the first one is there.
   */
  start(): void {
    const fresh = this.#status.filter((state) => !this.#taken.has(state))
    this.#firstLoads = Promise.all(
      fresh.map(async (state) => {
        this.#refresher.restore(state)
        this.#refresher.watch(state)
        // Of keys that have a URL each, those that were kept are all that can be loaded.
        if (isByKid(state)) await state.restoring
        if (isByKid(state) ? state.set !== undefined : state.options.loadAtFirstUse !== true) {
          await this.#refresher.refresh(state)
        }
      }),
    )
  }

  /** Resolves when every set that was started was loaded or could not be. Never rejects. */
  async firstLoads(): Promise<void> {
    await this.#firstLoads
  }

  /**
   * Key sets of other issuers: one whose options are the same keeps its keys, and one of which `isSame` says that nothing
   * about it has changed also what was verified with them. To be started, and then to {@link succeed} these.
   */
  successor(issuers: readonly IssuerKeyOptions[], isSame: (id: string) => boolean): KeySets {
    const taken = new Map<string, IssuerKeyState>()
    for (const options of issuers) {
      const state = this.#states.get(options.id)
      if (state === undefined || !isDeepStrictEqual(state.options, options)) continue
      taken.set(
        options.id,
        isSame(options.id) ? state : new IssuerKeyState(options, state.isRequired),
      )
    }
    return new KeySets(issuers, this.#dependencies, taken, true)
  }

  /** From now on these key sets are in use and not the ones before, which end. What was verified by those is forgotten. */
  succeed(before: KeySets): void {
    const dueAtMs = new Map(
      before.status().map((state) => [state.options.id, state.nextRefreshAtMs]),
    )
    before.stop()
    for (const state of before.status()) {
      if (this.#taken.has(state)) continue
      const heir = this.#states.get(state.options.id)
      if (heir !== undefined && this.#taken.has(heir)) heir.inherit(state)
      state.end()
    }
    for (const state of this.#taken) {
      this.#refresher.watch(state)
      if (state.isUnused) continue
      const dueMs = dueAtMs.get(state.options.id) ?? this.#now() // Undefined while a refresh is under way, which is made anew.
      this.#refresher.refreshAfter(state, Math.max(0, dueMs - this.#now()))
    }
  }

  /** These key sets never came into use: ends what they began, and leaves what they took to those that have it. */
  discard(): void {
    this.#refresher.stop()
    for (const state of this.#status) if (!this.#taken.has(state)) state.end()
  }

  /** Stops all timers. Searches still work on what is loaded. */
  stop(): void {
    this.#refresher.stop()
    for (const state of this.#states.values()) state.cancelTimer()
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
    if (isByKid(state)) return this.#byKid.find(state, { kid, algorithm })
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
    // A name is a URL there: another key behind it is found when it is due.
    if (isByKid(state)) return undefined
    const memory = JSON.stringify(['signature', issuerId, kid ?? null])
    if (state.isYoung(this.#now()) || this.#heldBack(state, memory) !== undefined) return undefined
    const others = (set: KeySet | undefined): readonly VerificationKey[] => {
      const found = set === undefined ? undefined : searchKeys(set, { kid, algorithm })
      return found?.kind === 'keys' ? found.keys.filter((key) => !tried.includes(key)) : []
    }
    return this.#refreshForToken(state, memory, (set) => others(set).length > 0).then(() =>
      others(this.#trustedSet(state)),
    )
  }

  #searchOrRefresh(
    state: IssuerKeyState,
    set: KeySet,
    wanted: WantedKey,
  ): KeySearch | Promise<KeySearch> {
    const found = searchKeys(set, wanted)
    const { kid } = wanted
    if (found.kind !== 'unknown_key' || kid === undefined || kid.length > maxKidLength) return found
    const memory = JSON.stringify(['kid', state.options.id, kid])
    return this.#heldBack(state, memory) ?? this.#refreshThenFind(state, memory, wanted)
  }

  #trustedSet(state: IssuerKeyState): KeySet | undefined {
    return state.trustedSet(this.#now())
  }

  async #loadThenFind(state: IssuerKeyState, wanted: WantedKey): Promise<KeySearch> {
    const loading = state.isRetryPending ? undefined : this.#refresher.refreshNow(state)
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
    wanted: WantedKey,
  ): Promise<KeySearch> {
    await this.#refreshForToken(
      state,
      memory,
      (set) => searchKeys(set, wanted).kind !== 'unknown_key',
    )
    const set = this.#trustedSet(state)
    if (set === undefined) return unavailable(state)
    const found = searchKeys(set, wanted)
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
      if (state.isRefreshing) await this.#refresher.refreshNow(state)
      return isThere() || (await this.#refresher.refreshNow(state))
    })
    // A refresh that was joined may have read the document before this key was published.
    if (!isJoining && !state.lastTokenRefreshFailed && !isThere()) this.#fruitless.set(memory, true)
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

function isByKid({ options }: IssuerKeyState): boolean {
  return options.source.kind === 'keyUrl'
}

function unavailable(state: IssuerKeyState): KeySearch {
  return { kind: 'unavailable', cause: state.lastFault }
}
