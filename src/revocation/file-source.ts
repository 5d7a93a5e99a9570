/**
 * A revocation file and its changes.
 *
 * The rules are:
 *   - the first read decides whether the gate starts at all;
 *   - a changed file replaces the whole list of the file, or, with a problem in it, changes nothing: the last good list
 *     stays in force, also when the file is gone or, as while it is written anew, empty: who means an empty list writes [];
 *   - a text with a problem is parsed once and not every second, because a large one takes long;
 *   - a change is read when two looks saw the same, since half a file may be a shorter list;
 *   - one fault is told once, however long it lasts.
 */
import type { Clock } from './clock.js'
import type { IssuerNames } from './issuer-names.js'
import type { RevocationObserver } from './observer.js'
import { parseRevocationFile } from './revocation-file.js'
import { RevocationList } from './revocation-list.js'

/** What a file source may use. */
export interface FileSourceDependencies {
  readonly clock: Clock
  readonly issuers: IssuerNames
  readonly maxEntries: number
  readonly readTextFile: (path: string) => Promise<string>
  /** Something that is another after every change of the file. Rejects when there is no file. */
  readonly fingerprint: (path: string) => Promise<string>
  readonly observer: RevocationObserver
}

const pollMs = 1_000
const maxShownProblems = 10

/** The list of a file, up to date within about a second. */
export class FileSource {
  /** The last good list. */
  list: RevocationList
  readonly #path: string
  readonly #dependencies: FileSourceDependencies
  readonly #onChange: () => void
  #fingerprint = ''
  /** What the last look saw. */
  #seen = ''
  /** A file that was read and cannot be used. */
  #refused: { readonly fingerprint: string; readonly fault: Error } | undefined
  #fault: string | undefined
  #cancel: () => void = () => undefined
  #isClosed = false

  /** `onChange` is called after every new list. */
  constructor(path: string, dependencies: FileSourceDependencies, onChange: () => void) {
    this.#path = path
    this.#dependencies = dependencies
    this.#onChange = onChange
    this.list = new RevocationList(dependencies.maxEntries)
  }

  /** Reads the file for the first time, and looks for changes from then on. Rejects when it cannot be used. */
  async start(): Promise<void> {
    await this.#load()
    this.#schedule()
  }

  /** Reads the file again although it has not changed, for other issuers. Rejects when it cannot be used. */
  async reread(): Promise<void> {
    this.#fingerprint = ''
    await this.#load()
  }

  /** Looks no more. */
  close(): void {
    this.#isClosed = true
    this.#cancel()
  }

  #schedule(): void {
    this.#cancel = this.#dependencies.clock.after(pollMs, () => {
      void this.#look()
    })
  }

  async #look(): Promise<void> {
    const { observer, fingerprint } = this.#dependencies
    try {
      const seen = await fingerprint(this.#path)
      const isSettled = seen === this.#seen
      this.#seen = seen
      if (isSettled) await this.#load()
      this.#fault = undefined
    } catch (fault) {
      const detail = fault instanceof Error ? fault.message : String(fault)
      if (detail !== this.#fault) {
        this.#fault = detail
        observer.counted('file', 'failed')
        observer.noted('warn', 'changed revocation file cannot be used, the list before stays', {
          detail,
        })
      }
    }
    if (!this.#isClosed) this.#schedule()
  }

  /** The text of this fingerprint. Rejects when the file is written meanwhile: half of it may be a shorter list. */
  async #read(fingerprint: string): Promise<string> {
    const text = await this.#dependencies.readTextFile(this.#path)
    const after = await this.#dependencies.fingerprint(this.#path)
    if (after !== fingerprint) throw new Error('the file was written while it was read')
    return text
  }

  async #load(): Promise<void> {
    const { clock, issuers, maxEntries, observer } = this.#dependencies
    const fingerprint = await this.#dependencies.fingerprint(this.#path)
    if (fingerprint === this.#fingerprint) return
    if (fingerprint === this.#refused?.fingerprint) throw this.#refused.fault
    const text = await this.#read(fingerprint)
    // Fail closed: a file that is cut off and about to be written would let everything in for a moment.
    if (text.trim() === '' && this.list.size > 0) throw new Error('the file is empty')
    const read = parseRevocationFile(text, issuers, maxEntries)
    if (read.kind === 'problems') {
      const shown = read.problems
        .slice(0, maxShownProblems)
        .map(({ line, column, message }) => `${String(line)}:${String(column)}: ${message}`)
      const fault = new Error(shown.join('; '))
      this.#refused = { fingerprint, fault }
      throw fault
    }
    const list = new RevocationList(maxEntries)
    const nowMs = clock.wallMs()
    for (const revocation of read.revocations) list.add(revocation, nowMs)
    this.#fingerprint = fingerprint
    this.list = list
    observer.counted('file', 'loaded')
    this.#onChange()
  }
}
