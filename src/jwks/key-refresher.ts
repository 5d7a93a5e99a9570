/**
 * Loads key sets: single-flight, again when they are due or their file changes, and after a failure at most 15 s apart,
 * whether or not anybody asks, as far as there is room (load-lanes.ts).
 */
import { LRUCache } from 'lru-cache'
import { FileWatch } from '../file-watch.js'
import type { Clock } from './clock.js'
import { describeFault } from './discovery.js'
import type { IssuerKeyOptions, IssuerKeyState } from './issuer-key-state.js'
import { readKid, rereadKids } from './kid-reader.js'
import { KeysNotCertifiedError, type KeySet } from './key-set.js'
import type { SnapshotFiles } from './key-snapshot.js'
import { KeySnapshots, type SnapshotObserver } from './key-snapshots.js'
import { fileOf, loadKeySet, urlOf, type KeySourceAccess, type LoadedKeySet } from './key-source.js'
import { LoadLanes } from './load-lanes.js'

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
const noKeys: KeySet = { keys: [], refusedKeys: 0, isKeepable: false }

/** Keeps the states that it is given fresh, until it is stopped. */
export class KeyRefresher {
  /** Makes refreshes single-flight; what is searched is in the states. */
  readonly #cache: LRUCache<string, KeySet, IssuerKeyState>
  readonly #dependencies: KeySetsDependencies
  readonly #snapshots: KeySnapshots | undefined
  readonly #watches: FileWatch[] = []
  readonly #lanes = new LoadLanes()
  #isStopped = false

  constructor(dependencies: KeySetsDependencies) {
    const { clock, observer, snapshotFiles } = dependencies
    this.#dependencies = dependencies
    this.#cache = new LRUCache({
      max: maxCachedSets,
      perf: { now: (): number => clock.monotonicMs() },
      noDeleteOnFetchRejection: true,
      allowStaleOnFetchRejection: true,
      fetchMethod: async (_id, _stale, { context }) => await this.#fetch(context),
    })
    if (snapshotFiles !== undefined) {
      this.#snapshots = new KeySnapshots(snapshotFiles, clock, observer)
    }
  }

  /** Takes a snapshot, if there is one, until the set is loaded. */
  restore(state: IssuerKeyState): void {
    this.#snapshots?.restore(state)
  }

  /** Ends watches and retries; a load that is under way is the last one. */
  stop(): void {
    this.#isStopped = true
    for (const watch of this.#watches) watch.stop()
  }

  /** Refreshes the set, or joins the refresh under way. Resolves to whether the set is fresh; never rejects. */
  async refresh(state: IssuerKeyState): Promise<boolean> {
    const before = state.loads
    state.isRefreshing = true
    try {
      await this.#cache.fetch(state.options.id, { forceRefresh: true, context: state })
    } catch {
      // Told to the observer, and kept in the state, where the fetch itself failed.
    }
    state.isRefreshing = false
    return state.loads > before
  }

  async #fetch(state: IssuerKeyState): Promise<KeySet> {
    const { id } = state.options
    const number = state.begin()
    state.cancelTimer()
    try {
      const access = this.#dependencies.access(state.options)
      const set =
        state.options.source.kind === 'keyUrl'
          ? await this.#reread(state, access)
          : this.#taken(state, await this.#load(state, access), number)
      this.#snapshots?.save(state)
      return set
    } catch (error) {
      state.failed(describeFault(error))
      if (error instanceof KeysNotCertifiedError) state.withdraw()
      throw error
    } finally {
      this.#schedule(state)
      this.#dependencies.observer.refreshed(id, state.lastFault)
    }
  }

  #taken(state: IssuerKeyState, { set, maxAgeMs }: LoadedKeySet, number: number): KeySet {
    const { clock } = this.#dependencies
    return state.loaded(set, {
      atMs: clock.monotonicMs(),
      atWallMs: clock.wallMs(),
      maxAgeMs,
      number,
    })
  }

  /** Reads every known key again. What one of them has lost is lost also when another one could not be read. */
  async #reread(state: IssuerKeyState, access: KeySourceAccess): Promise<KeySet> {
    const { clock } = this.#dependencies
    try {
      await this.#inLane(state, async () => {
        await rereadKids(state, { clock, access })
      })
    } catch (fault) {
      this.#snapshots?.save(state)
      throw fault
    }
    state.sourceRead()
    return state.set ?? noKeys
  }

  /**
   * Reads one key by its name because a token needs it, beside all lanes: who calls has a budget. Resolves to whether there
   * is such a key; rejects on faults.
   */
  async readKid(state: IssuerKeyState, kid: string): Promise<boolean> {
    const underWay = state.reads.get(kid)
    if (underWay !== undefined) return await underWay
    const { access, clock, observer } = this.#dependencies
    try {
      const isThere = await readKid(state, kid, { clock, access: access(state.options) })
      if (!state.isRetryPending && !state.isRefreshing) state.recovered()
      if (isThere) {
        this.#snapshots?.save(state)
        if (state.nextRefreshAtMs === undefined && !state.isRefreshing) this.#schedule(state)
      }
      return isThere
    } catch (fault) {
      state.lastFault = describeFault(fault)
      throw fault
    } finally {
      observer.refreshed(state.options.id, state.lastFault)
    }
  }

  async #load(state: IssuerKeyState, access: KeySourceAccess): Promise<LoadedKeySet> {
    const { options } = state
    if (urlOf(options.source) === undefined) return await loadKeySet(options, access) // Nobody is asked.
    return await this.#inLane(state, async () => await loadKeySet(options, access))
  }

  async #inLane<T>(state: IssuerKeyState, load: () => Promise<T>): Promise<T> {
    const lane = state.isAskedFor ? 'asked' : 'due'
    return await this.#lanes.run(
      state.options.id,
      state.failuresInARow > 0 ? 'failing' : lane,
      load,
    )
  }

  /** Loads, or joins the load under way, because a token needs it: before those that nobody waits for. */
  async refreshNow(state: IssuerKeyState): Promise<boolean> {
    state.isAskedFor = true
    this.#lanes.hurry(state.options.id)
    const isFresh = await this.refresh(state)
    state.isAskedFor = false
    return isFresh
  }

  /** Watches the files that keys come from and are judged by, and refreshes when one changes. */
  watch(state: IssuerKeyState): void {
    const { options } = state
    const { access, clock } = this.#dependencies
    for (const path of [fileOf(options.source), options.trustAnchorsFile]) {
      if (path === undefined) continue
      const read = async (): Promise<Buffer> => await access(options).readFile(path)
      const onChange = (): void => void this.refresh(state)
      this.#watches.push(new FileWatch(clock, { read, onChange }))
    }
  }

  #schedule(state: IssuerKeyState): void {
    // Of keys that have a URL each there may be none to read again.
    if (this.#isStopped || state.set?.keys.length === 0) return
    const { random } = this.#dependencies
    // Up to a tenth earlier, so that many gates do not ask an issuer at the same moment.
    const jitter = 1 - random() / 10
    const delay =
      state.failuresInARow === 0
        ? state.refreshMs
        : Math.min(firstRetryMs * 2 ** (state.failuresInARow - 1), lastRetryMs)
    this.refreshAfter(state, delay * jitter)
  }

  /** Refreshes in so many milliseconds, instead of when it was due. */
  refreshAfter(state: IssuerKeyState, delayMs: number): void {
    const cancel = this.#dependencies.clock.after(delayMs, () => void this.refresh(state))
    state.setTimer(cancel, this.#dependencies.clock.monotonicMs() + delayMs)
  }
}
