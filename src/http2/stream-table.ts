/**
 * The open streams of a connection by their number.
 *
 * Not a Map: a Map takes a new table every few calls, and the one that it leaves names the next one and the streams of its
 * time. When one of them has grown old, V8's scavenger takes all that came after for alive, and every call of the
 * connection is copied twice (ADR 0032).
 */
import type { ServerStream } from './server-stream.js'

/** More streams of one connection at a time are rare; for them there is a Map. A power of two. */
const slotCount = 256

/** Streams. A slot is the place of all numbers that are alike in their last bits; of a second one the Map. */
export class StreamTable {
  readonly #slots: (ServerStream | undefined)[] = Array.from({ length: slotCount }, () => undefined)
  readonly #others = new Map<number, ServerStream>()
  #used = 0

  /** How many streams are open. */
  get size(): number {
    return this.#used + this.#others.size
  }

  get(id: number): ServerStream | undefined {
    const stream = this.#slots[slotOf(id)]
    return stream?.id === id ? stream : this.#others.get(id)
  }

  /** Adds a stream whose number has not been there before. */
  add(stream: ServerStream): void {
    const slot = slotOf(stream.id)
    if (this.#slots[slot] === undefined) {
      this.#slots[slot] = stream
      this.#used += 1
    } else {
      this.#others.set(stream.id, stream)
    }
  }

  delete(stream: ServerStream): void {
    const slot = slotOf(stream.id)
    if (this.#slots[slot] === stream) {
      this.#slots[slot] = undefined
      this.#used -= 1
    } else {
      this.#others.delete(stream.id)
    }
  }

  /** All of them as they are now, whatever is deleted meanwhile. */
  all(): ServerStream[] {
    const slotted = this.#slots.filter((stream) => stream !== undefined)
    return [...slotted, ...this.#others.values()]
  }
}

/** A client's streams have odd numbers. */
function slotOf(id: number): number {
  return (id >>> 1) % slotCount
}
