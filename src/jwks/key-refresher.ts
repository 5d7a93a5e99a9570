/**
 * Loads key sets: single-flight, again when they are due or their file changes, and after a failure at most 15 s apart,
 * whether or not anybody asks, as far as there is room (load-lanes.ts).
 */
import { LRUCache } from 'lru-cache'
import { FileWatch } from '../file-watch.js'
import type { Clock } from './clock.js'
import { describeFault } from './discovery.js'
import type { IssuerKeyOptions, IssuerKeyState } from './issuer-key-state.js'
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
      const loaded = await this.#load(state, access)
      const set = state.loaded(loaded.set, {
        atMs: this.#dependencies.clock.monotonicMs(),
        atWallMs: this.#dependencies.clock.wallMs(),
        maxAgeMs: loaded.maxAgeMs,
        number,
      })
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

  async #load(state: IssuerKeyState, access: KeySourceAccess): Promise<LoadedKeySet> {
    const { options, failuresInARow } = state
    if (urlOf(options.source) === undefined) return await loadKeySet(options, access) // Nobody is asked.
    const lane = state.isAskedFor ? 'asked' : 'due'
    return await this.#lanes.run(
      options.id,
      failuresInARow > 0 ? 'failing' : lane,
      async () => await loadKeySet(options, access),
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
    if (this.#isStopped) return
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
