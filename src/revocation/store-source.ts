/**
 * The list that all replicas share, kept up to date in this one.
 *
 * The rules are:
 *   - the store counts as there once it pushes news and everything that came before has been read;
 *   - entries are only ever added, and end by their own time: one that is gone from the store stays in force here;
 *   - an entry that does not fit or cannot be read leaves the list incomplete, which is as good as a missing store;
 *   - news can get lost without a word, so the whole is read again now and then.
 */
import { hash } from 'node:crypto'
import { within } from '../deadline.js'
import type { Clock } from './clock.js'
import type { IssuerNames } from './issuer-names.js'
import type { RevocationObserver, RevocationResult } from './observer.js'
import { parseRevocation, toStoredValue } from './parse-revocation.js'
import type { RevocationList } from './revocation-list.js'
import type { RevocationStore } from './revocation-store.js'
import type { Revocation } from './revocation.js'

/** What a store source may use. */
export interface StoreSourceDependencies {
  readonly clock: Clock
  readonly random: () => number
  readonly issuers: IssuerNames
  readonly list: RevocationList
  readonly observer: RevocationObserver
  /** Called after every change of the list or of {@link StoreSource.fault}. */
  readonly onChange: () => void
}

const heartbeatMs = 1_000
const rereadMs = 60_000
const retryMs = 1_000
const maxTextLength = 8_192

/** The shared list. */
export class StoreSource {
  /** What is wrong; undefined while the list is complete and news arrive. */
  fault: string | undefined = 'not connected yet'
  /** Monotonic milliseconds since when something is wrong; from the start on without end before it. */
  faultSinceMs: number = Number.NEGATIVE_INFINITY
  readonly #store: RevocationStore
  readonly #dependencies: StoreSourceDependencies
  /** Counts connections and their ends, so that a reading that one of them overtook is not believed. */
  #generation = 0
  /** What was wrong with news since the last reading began: it may have passed the place of the entry already. */
  #newsFault: string | undefined
  #isFaultTold = false
  #cancelReading: () => void = () => undefined
  #cancelHeartbeat: () => void = () => undefined
  #settle: () => void = () => undefined
  #isClosed = false

  constructor(store: RevocationStore, dependencies: StoreSourceDependencies) {
    this.#store = store
    this.#dependencies = dependencies
  }

  /** Starts. Resolves when the list was read, or could not be, or the time is up; goes on trying by itself. */
  async start(patienceMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#dependencies.clock.after(patienceMs, resolve)
      this.#settle = () => {
        cancel()
        resolve()
      }
      this.#store.start({
        connected: () => {
          this.#generation += 1
          void this.#read()
        },
        lost: (fault) => {
          this.#generation += 1
          this.#cancelReading()
          this.#fail(fault)
        },
        pushed: (text) => {
          const fault = this.#take(text)
          this.#newsFault = fault ?? this.#newsFault
          if (fault === undefined) this.#dependencies.onChange()
          else this.#fail(fault)
        },
      })
      this.#beat()
    })
  }

  /** Reads the whole list again, for other issuers. Resolves when that is done, has failed, or the time is up. */
  async reread(patienceMs: number): Promise<void> {
    await within(this.#dependencies.clock, patienceMs, this.#read(), undefined)
  }

  /** Makes a revocation known to every replica. Rejects when the store did not surely take it. */
  async share(revocation: Revocation): Promise<void> {
    const text = JSON.stringify(toStoredValue(revocation, this.#dependencies.issuers))
    // Named by what it says: an entry never overwrites another one, and so never a stronger one.
    const ttlMs = revocation.untilMs - this.#dependencies.clock.wallMs()
    await this.#store.put(hash('sha256', text, 'hex'), text, Math.max(1, Math.ceil(ttlMs)))
  }

  /** Stops all timers and disconnects. */
  close(): void {
    this.#isClosed = true
    this.#cancelReading()
    this.#cancelHeartbeat()
    this.#store.close()
  }

  #beat(): void {
    this.#cancelHeartbeat = this.#dependencies.clock.after(heartbeatMs, () => {
      void this.#store.ping()
      if (!this.#isClosed) this.#beat()
    })
  }

  async #read(): Promise<void> {
    const generation = this.#generation
    this.#cancelReading()
    let incomplete: string | undefined
    this.#newsFault = undefined
    try {
      await this.#store.readAll((text) => {
        incomplete = this.#take(text) ?? incomplete
      })
      if (generation !== this.#generation || this.#isClosed) return
      this.#dependencies.observer.counted('redis', 'loaded')
      incomplete ??= this.#newsFault
      if (incomplete === undefined) this.#recover()
      else this.#fail(incomplete)
      this.#readAfter(rereadMs)
    } catch (fault) {
      if (generation !== this.#generation || this.#isClosed) return
      this.#dependencies.observer.counted('redis', 'failed')
      this.#fail(fault instanceof Error ? fault.message : String(fault))
      this.#readAfter(retryMs * (0.5 + this.#dependencies.random() / 2))
    }
  }

  #readAfter(delayMs: number): void {
    this.#cancelReading = this.#dependencies.clock.after(delayMs, () => {
      void this.#read()
    })
  }

  /** Puts an entry in force; tells why the list is incomplete when it cannot. */
  #take(text: string): string | undefined {
    const result = this.#add(text)
    if (result !== undefined) this.#dependencies.observer.counted('redis', result)
    if (result === 'full') return 'the list is full (maxEntries)'
    return result === 'malformed' ? 'an entry of the store cannot be read' : undefined
  }

  #add(text: string): RevocationResult | undefined {
    const { clock, issuers, list } = this.#dependencies
    const parsed = parseRevocation(parseJson(text), 'store', issuers, 0)
    if (parsed.kind === 'problem') {
      // No token of an issuer that is not configured is accepted here anyway.
      return parsed.isUnknownIssuer === true ? 'unknown_issuer' : 'malformed'
    }
    const addition = list.add(parsed.revocation, clock.wallMs())
    return addition === 'known' ? undefined : addition
  }

  #fail(fault: string): void {
    if (this.fault === undefined) this.faultSinceMs = this.#dependencies.clock.monotonicMs()
    this.fault = fault
    if (!this.#isFaultTold && !this.#isClosed) {
      this.#isFaultTold = true
      this.#dependencies.observer.noted(
        'warn',
        'revocation store is not there, the last known list serves',
        {
          fault,
        },
      )
    }
    this.#dependencies.onChange()
    this.#settle()
  }

  #recover(): void {
    if (this.fault !== undefined) {
      this.fault = undefined
      this.#isFaultTold = false
      this.#dependencies.observer.noted('info', 'revocation store is there, its list was read', {
        entries: this.#dependencies.list.size,
      })
    }
    this.#dependencies.onChange()
    this.#settle()
  }
}

function parseJson(text: string): unknown {
  if (text.length > maxTextLength) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
