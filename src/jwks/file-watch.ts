/**
 * Looks every second whether a file has other content, so that keys in files change without a restart. By content and not
 * by its time or by events, which a mounted ConfigMap, a network file system or a second change within a tick would fool.
 */
import type { Clock } from './clock.js'

const everyMs = 1_000

/** Watches one file until it is stopped. A file that cannot be read is as unchanged: whoever loads it will say so. */
export class FileWatch {
  readonly #clock: Clock
  readonly #read: () => Promise<Buffer>
  readonly #onChange: () => void
  #last: Buffer | undefined
  #cancel: (() => void) | undefined
  #isStopped = false

  /** Calls back after every change, and once after the first look: the file may have changed since it was loaded. */
  constructor(clock: Clock, read: () => Promise<Buffer>, onChange: () => void) {
    this.#clock = clock
    this.#read = read
    this.#onChange = onChange
    this.#schedule()
  }

  /** Looks no more. */
  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  #schedule(): void {
    this.#cancel = this.#clock.after(everyMs, () => void this.#look())
  }

  async #look(): Promise<void> {
    const content = await this.#read().catch(() => this.#last)
    if (this.#isStopped) return
    if (content !== undefined && this.#last?.equals(content) !== true) {
      this.#last = content
      this.#onChange()
    }
    this.#schedule()
  }
}
