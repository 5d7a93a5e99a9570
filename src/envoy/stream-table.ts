/**
 * The streams of a connection by their number, in place of the Map in which node:http2 keeps them.
 *
 * A Map takes a new table every few calls, and the one that it leaves names the next one and the streams of its time. When
 * one of them has grown old, V8's scavenger takes all that came after for alive: nearly every call of the connection was
 * copied twice, and made old, until the next full collection. A quarter of what a check costs was that (ADR 0032).
 *
 * The rules are:
 *   - it does what a Map does, in another order, so that whatever Node asks of it is answered;
 *   - Node's own Map stays where its place is not found as it is known from the versions that this was tried with:
 *     then a gate is slower, and nothing else.
 */
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'

/** Lines of Node.js with which this was tried. */
const knownMajors: readonly number[] = [20, 22, 24, 26]
/** More calls than that on one connection at a time are rare; for them there is a Map. A power of two. */
const slotCount = 256

/** Numbers and streams. A slot is the place of all numbers that are alike in their last bits; of a second one the Map. */
export class StreamTable implements Map<number, ServerHttp2Stream> {
  readonly #ids: (number | undefined)[] = Array.from({ length: slotCount }, () => undefined)
  readonly #streams: (ServerHttp2Stream | undefined)[] = this.#ids.map(() => undefined)
  readonly #others = new Map<number, ServerHttp2Stream>()
  #used = 0

  /** How many streams there are. */
  get size(): number {
    return this.#used + this.#others.size
  }

  get(id: number): ServerHttp2Stream | undefined {
    const slot = slotOf(id)
    return this.#ids[slot] === id ? this.#streams[slot] : this.#others.get(id)
  }

  has(id: number): boolean {
    return this.#ids[slotOf(id)] === id || this.#others.has(id)
  }

  set(id: number, stream: ServerHttp2Stream): this {
    const slot = slotOf(id)
    if (this.#ids[slot] === undefined && !this.#others.has(id)) {
      this.#ids[slot] = id
      this.#used += 1
    }
    if (this.#ids[slot] === id) this.#streams[slot] = stream
    else this.#others.set(id, stream)
    return this
  }

  delete(id: number): boolean {
    const slot = slotOf(id)
    if (this.#ids[slot] !== id) return this.#others.delete(id)
    this.#ids[slot] = undefined
    this.#streams[slot] = undefined
    this.#used -= 1
    return true
  }

  clear(): void {
    this.#ids.fill(undefined)
    this.#streams.fill(undefined)
    this.#used = 0
    this.#others.clear()
  }

  /** Whoever is deleted meanwhile is left out, as with a Map. */
  *entries(): MapIterator<[number, ServerHttp2Stream]> {
    for (let slot = 0; slot < slotCount; slot++) {
      const [id, stream] = [this.#ids[slot], this.#streams[slot]]
      if (id !== undefined && stream !== undefined) yield [id, stream]
    }
    yield* this.#others.entries()
  }

  *keys(): MapIterator<number> {
    for (const [id] of this.entries()) yield id
  }

  *values(): MapIterator<ServerHttp2Stream> {
    for (const [, stream] of this.entries()) yield stream
  }

  forEach(
    visit: (stream: ServerHttp2Stream, id: number, all: Map<number, ServerHttp2Stream>) => void,
    thisArg?: unknown,
  ): void {
    for (const [id, stream] of this.entries()) visit.call(thisArg, stream, id, this)
  }

  [Symbol.iterator](): MapIterator<[number, ServerHttp2Stream]> {
    return this.entries()
  }

  get [Symbol.toStringTag](): string {
    return 'StreamTable'
  }
}

/** A client's streams have odd numbers. */
function slotOf(id: number): number {
  return (id >>> 1) % slotCount
}

/**
 * Gives a new connection such a table; false, and nothing is changed, when the major version of Node.js is not known to have a
 * place for it, or there are streams already.
 */
export function replaceStreamTable(session: ServerHttp2Session, nodeMajor: number): boolean {
  if (!knownMajors.includes(nodeMajor)) return false
  const place = Object.getOwnPropertySymbols(session).find(
    ({ description }) => description === 'state',
  )
  const state: unknown = place && Reflect.get(session, place)
  if (!hasStreams(state) || state.streams.size > 0) return false
  state.streams = new StreamTable()
  return true
}

/** Node's Map is not an instance of Map: it has no prototype that others could change. */
function hasStreams(state: unknown): state is { streams: Map<number, ServerHttp2Stream> } {
  const streams = Object.getOwnPropertyDescriptor(Object(state), 'streams')
  return (
    streams?.writable === true && Object.prototype.toString.call(streams.value) === '[object Map]'
  )
}
