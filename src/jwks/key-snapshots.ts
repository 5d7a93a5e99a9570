/**
 * Snapshots in the life of key sets: read once at the start, written after each load, never in anybody's way.
 *
 * The rules are:
 *   - a snapshot that cannot be used is told to operators and ignored; one that cannot be written likewise;
 *   - a set that cannot be kept takes the snapshot of the one before away: what is in there may have been withdrawn;
 *   - writing goes on behind the load, one at a time for an issuer, and always the newest set last.
 */
import type { Clock } from './clock.js'
import { describeFault } from './discovery.js'
import type { IssuerKeyState } from './issuer-key-state.js'
import type { KeySet } from './key-set.js'
import {
  isKept,
  readSnapshot,
  snapshotName,
  writeSnapshot,
  type SnapshotFiles,
} from './key-snapshot.js'

/** What became of a snapshot. */
export type SnapshotResult = 'used' | 'ignored' | 'written' | 'not_written'

/** What the watching rooms are told. Must not throw. */
export interface SnapshotObserver {
  /** `detail` says what was wrong, when something was. */
  snapshot(issuerId: string, result: SnapshotResult, detail: string | undefined): void
}

/** The snapshots of all issuers. */
export class KeySnapshots {
  readonly #files: SnapshotFiles
  readonly #clock: Clock
  readonly #observer: SnapshotObserver
  readonly #writing = new WeakMap<IssuerKeyState, Promise<void>>()

  constructor(files: SnapshotFiles, clock: Clock, observer: SnapshotObserver) {
    this.#files = files
    this.#clock = clock
    this.#observer = observer
  }

  /** Begins to look for a snapshot of the issuer. Never throws. */
  restore(state: IssuerKeyState): void {
    if (!isKept(state.options)) return
    state.restoring = this.#restore(state).finally(() => {
      state.restoring = undefined
    })
  }

  /** Begins to keep the issuer's set, which was loaded just now. Never throws. */
  save(state: IssuerKeyState): void {
    const { set, options } = state
    if (set === undefined || !isKept(options)) return
    const text = set.isKeepable ? writeSnapshot(options, set, this.#readAtWallMs(set)) : undefined
    const before = this.#writing.get(state) ?? Promise.resolve()
    this.#writing.set(
      state,
      before.then(async () => {
        await this.#write(state, text)
      }),
    )
  }

  /** Keys that are read one by one are not of the same age: all count as old as the oldest. */
  #readAtWallMs({ keys }: KeySet): number {
    const nowMs = this.#clock.monotonicMs()
    return this.#clock.wallMs() - Math.max(...keys.map(({ readAtMs }) => nowMs - readAtMs))
  }

  async #restore(state: IssuerKeyState): Promise<void> {
    const { options } = state
    try {
      const text = await this.#files.read(snapshotName(options))
      if (text === undefined) return
      const { set, ageMs } = await readSnapshot(options, text, this.#clock.wallMs())
      state.restored(set, this.#clock.monotonicMs() - ageMs)
      if (state.isFromSnapshot) this.#observer.snapshot(options.id, 'used', undefined)
    } catch (error) {
      this.#observer.snapshot(options.id, 'ignored', describeFault(error))
    }
  }

  async #write(state: IssuerKeyState, text: string | undefined): Promise<void> {
    const { id } = state.options
    const name = snapshotName(state.options)
    try {
      if (text === undefined) {
        await this.#files.remove(name)
        return
      }
      await this.#files.write(name, text)
      this.#observer.snapshot(id, 'written', undefined)
    } catch (error) {
      this.#observer.snapshot(id, 'not_written', describeFault(error))
      await this.#files.remove(name).catch(() => undefined) // Told already: the directory cannot be written.
    }
  }
}
