/**
 * Everything that is revoked at the moment, from all sources, and what is said while the store is away.
 *
 * The rules are:
 *   - a token is refused when any source names it;
 *   - while nothing is revoked, and nothing has to be refused for want of a store, a check pays one branch;
 *   - the doors open after the first look into file and store, so that a restart lets nothing in that was revoked; a
 *     store that is not there delays that by two seconds at most;
 *   - when the store is away the last known list serves, or, with `deny`, for `maxAwayMs` and from the start of the
 *     process not at all; then every genuine token is "unavailable".
 */
import type { Revocations, RevocationVerdict, TokenIdentifiers } from '../check/index.js'
import type { Clock } from './clock.js'
import { FileSource } from './file-source.js'
import { IssuerNames, type NamedIssuer } from './issuer-names.js'
import type { RevocationObserver } from './observer.js'
import { parseRevocation } from './parse-revocation.js'
import { createRevocationApi, type Revoked, type RevocationPage } from './revocation-api.js'
import { RevocationList } from './revocation-list.js'
import type { RevocationStore } from './revocation-store.js'
import { revocationKinds, type Revocation, type RevocationCounts } from './revocation.js'
import { StoreSource } from './store-source.js'

/** How revocation is configured. */
export interface RevocationOptions {
  readonly file: string | undefined
  readonly adminTokenFile: string | undefined
  readonly redis:
    | {
        readonly url: string
        readonly passwordFile: string | undefined
        readonly caFile: string | undefined
        readonly keyPrefix: string
      }
    | undefined
  readonly onStoreLoss: 'serve' | 'deny'
  /** With `deny`: how long the last known list serves nevertheless. */
  readonly maxAwayMs: number
  /** Bounds the list of the file, and that of admin API and store. */
  readonly maxEntries: number
}

/** What the service needs from outside. */
export interface RevocationDependencies {
  readonly clock: Clock
  readonly random: () => number
  readonly issuers: readonly NamedIssuer[]
  /** The store; undefined without one. */
  readonly store: RevocationStore | undefined
  readonly readTextFile: (path: string) => Promise<string>
  readonly fingerprint: (path: string) => Promise<string>
  readonly observer: RevocationObserver
  /** Puts a revocation in force in the other workers of this gate; resolves when all have it. None without workers. */
  readonly tellWorkers?: (revocation: Revocation) => Promise<void>
}

const patienceMs = 2_000
const sweepMs = 30_000

/** The service. */
export class RevocationService implements Revocations {
  /** Kept up to date by every change, so that reading it costs nothing. */
  isIdle = true
  readonly #options: RevocationOptions
  readonly #dependencies: RevocationDependencies
  readonly #issuers: IssuerNames
  readonly #shared: RevocationList
  readonly #file: FileSource | undefined
  readonly #store: StoreSource | undefined
  #knownIssuers: readonly NamedIssuer[]
  #cancelSweep: () => void = () => undefined
  #cancelDenial: () => void = () => undefined

  constructor(options: RevocationOptions, dependencies: RevocationDependencies) {
    const { store, clock, observer } = dependencies
    this.#options = options
    this.#dependencies = dependencies
    this.#issuers = new IssuerNames(dependencies.issuers)
    this.#knownIssuers = dependencies.issuers
    this.#shared = new RevocationList(options.maxEntries)
    const onChange = (): void => {
      this.#update()
    }
    if (options.file !== undefined) {
      const { maxEntries } = options
      const fileDependencies = { ...dependencies, issuers: this.#issuers, maxEntries }
      this.#file = new FileSource(options.file, fileDependencies, onChange)
    }
    if (store !== undefined) {
      const { random } = dependencies
      const list = this.#shared
      const storeDependencies = { clock, random, issuers: this.#issuers, list, observer, onChange }
      this.#store = new StoreSource(store, storeDependencies)
    }
  }

  /** Reads file and store; resolves to itself. Rejects when the file cannot be used, never because of the store. */
  async start(): Promise<this> {
    this.#update()
    try {
      await Promise.all([this.#file?.start(), this.#store?.start(patienceMs)])
    } catch (fault) {
      this.close()
      throw fault
    }
    this.#sweep()
    return this
  }

  /**
   * Other issuers are configured from now on: reads file and store again, in which theirs may be. Rejects when the file
   * cannot be used, and then knows the issuers of before. What the admin API was told stays with the issuer's id.
   */
  async useIssuers(issuers: readonly NamedIssuer[]): Promise<void> {
    this.#issuers.replace(issuers)
    try {
      // The store only adds, the file replaces: last, so that nothing is waited for once the names of before are gone.
      await this.#store?.reread(patienceMs)
      await this.#file?.reread()
      this.#knownIssuers = issuers
    } catch (fault) {
      this.#issuers.replace(this.#knownIssuers)
      throw fault
    }
  }

  /** Stops all timers and disconnects. Judges on by what is known. */
  close(): void {
    this.#cancelSweep()
    this.#cancelDenial()
    this.#file?.close()
    this.#store?.close()
  }

  judge(identifiers: TokenIdentifiers): RevocationVerdict {
    const nowMs = this.#dependencies.clock.wallMs()
    if (
      this.#shared.isRevoked(identifiers, nowMs) ||
      this.#file?.list.isRevoked(identifiers, nowMs) === true
    ) {
      return 'revoked'
    }
    // Fail closed: what the store says of this token is not known, and the operator wants nobody to pass then.
    return this.#isDenying() ? 'revocation_unavailable' : undefined
  }

  /** Pages for the admin port, by path; none without a token file. */
  pages(): ReadonlyMap<string, RevocationPage> {
    const { adminTokenFile, maxEntries } = this.#options
    const { readTextFile, clock, observer } = this.#dependencies
    if (adminTokenFile === undefined) return new Map()
    const page = createRevocationApi({
      readTokenFile: async () => await readTextFile(adminTokenFile),
      parse: (value) => parseRevocation(value, 'request', this.#issuers, clock.wallMs()),
      revoke: async (revocation) => await this.#revoke(revocation),
      status: () => ({
        entries: this.counts(),
        maxEntries,
        storeFault: this.#store?.fault,
      }),
      observer,
    })
    return new Map([['/revocations', page]])
  }

  /** Values in force, by kind; one that stands in the file and in the store counts twice. */
  counts(): RevocationCounts {
    const nowMs = this.#dependencies.clock.wallMs()
    const lists = [this.#shared, ...(this.#file === undefined ? [] : [this.#file.list])]
    const counts = { jti: 0, sub: 0, clientId: 0, sid: 0, kid: 0 }
    for (const list of lists) {
      list.sweep(nowMs)
      const ofList = list.counts()
      for (const kind of revocationKinds) counts[kind] += ofList[kind]
    }
    return counts
  }

  /** Whether the store is there and its list complete; undefined without a store. */
  get isStoreUp(): boolean | undefined {
    return this.#store === undefined ? undefined : this.#store.fault === undefined
  }

  /** How it is, for readiness: not ready while every token would be refused. */
  readiness(): { readonly ready: boolean; readonly detail?: string } {
    const fault = this.#store?.fault
    if (fault === undefined) return { ready: true }
    const isDenying = this.#isDenying()
    const consequence = isDenying ? 'every token is refused' : 'the last known list serves'
    return { ready: !isDenying, detail: `store: ${fault}; ${consequence}` }
  }

  /** Puts in force what another worker of this gate was told; it cares for the store itself. Tells whether there was room. */
  take(revocation: Revocation): boolean {
    const addition = this.#shared.add(revocation, this.#dependencies.clock.wallMs())
    this.#update()
    return addition !== 'full'
  }

  async #revoke(revocation: Revocation): Promise<Revoked> {
    if (!this.take(revocation)) return 'full'
    const isEverywhere = await this.#tellWorkers(revocation)
    if (!isEverywhere) return 'partly'
    if (this.#store === undefined) return 'here'
    return await this.#store.share(revocation).then(
      () => 'shared',
      () => 'unsaved',
    )
  }

  async #tellWorkers(revocation: Revocation): Promise<boolean> {
    const telling = this.#dependencies.tellWorkers?.(revocation) ?? Promise.resolve()
    return await telling.then(
      () => true,
      () => false,
    )
  }

  #isDenying(): boolean {
    const store = this.#store
    if (this.#options.onStoreLoss !== 'deny' || store?.fault === undefined) return false
    const awayMs = this.#dependencies.clock.monotonicMs() - store.faultSinceMs
    return awayMs >= this.#options.maxAwayMs
  }

  #update(): void {
    const mayDeny = this.#options.onStoreLoss === 'deny' && this.#store?.fault !== undefined
    this.isIdle = !mayDeny && this.#shared.size === 0 && (this.#file?.list.size ?? 0) === 0
    this.#cancelDenial()
    if (mayDeny && !this.#isDenying()) {
      this.#cancelDenial = this.#dependencies.clock.after(this.#options.maxAwayMs, () => {
        this.#dependencies.observer.changed()
      })
    }
    this.#dependencies.observer.changed()
  }

  #sweep(): void {
    const nowMs = this.#dependencies.clock.wallMs()
    this.#shared.sweep(nowMs)
    this.#file?.list.sweep(nowMs)
    this.#update()
    this.#cancelSweep = this.#dependencies.clock.after(sweepMs, () => {
      this.#sweep()
    })
  }
}
