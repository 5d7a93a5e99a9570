/**
 * Octets of a connection in, whole frames out.
 *
 * The rules are:
 *   - a frame is handed on when all of it is there, as a part of what was received, not as a copy, unless it came in pieces;
 *   - a frame that is too long is refused by its head, before anything of it is kept (RFC 9113 section 4.2);
 *   - octets that come one at a time cost no more copies than those that come together.
 */
import { ConnectionError, errorCode, frameHeadBytes, maxFrameBytes } from './frame.js'

/** Takes a frame. The payload is valid as long as it is referred to. */
export type TakeFrame = (type: number, flags: number, streamId: number, payload: Buffer) => void

/** Splits what one peer sends. */
export class FrameReader {
  readonly #take: TakeFrame
  /** The beginning of a frame whose rest has not come yet. */
  #pieces: Buffer[] = []
  #keptBytes = 0
  #neededBytes = 0

  constructor(take: TakeFrame) {
    this.#take = take
  }

  /** Hands on every frame that is whole now. Throws a ConnectionError for one that is too long, and what `take` throws. */
  read(received: Buffer): void {
    const bytes = this.#withKept(received)
    if (bytes === undefined) return
    let at = 0
    while (bytes.length - at >= frameHeadBytes) {
      const length = payloadBytes(bytes, at)
      const begin = at + frameHeadBytes
      if (begin + length > bytes.length) break
      // The first bit of the number is reserved (RFC 9113 section 4.1).
      const streamId = bytes.readUInt32BE(at + 5) & 0x7fffffff
      at = begin + length
      this.#take(bytes[begin - 6] ?? 0, bytes[begin - 5] ?? 0, streamId, bytes.subarray(begin, at))
    }
    if (at < bytes.length) this.#keep(bytes.subarray(at))
  }

  #withKept(received: Buffer): Buffer | undefined {
    if (this.#keptBytes === 0) return received
    this.#pieces.push(received)
    this.#keptBytes += received.length
    if (this.#keptBytes < this.#neededBytes) return undefined
    const bytes = Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#keptBytes = 0
    return bytes
  }

  #keep(rest: Buffer): void {
    this.#pieces = [rest]
    this.#keptBytes = rest.length
    this.#neededBytes = frameHeadBytes
    if (rest.length >= frameHeadBytes) this.#neededBytes += payloadBytes(rest, 0)
  }
}

function payloadBytes(bytes: Buffer, at: number): number {
  const length = bytes.readUInt32BE(at) >>> 8
  if (length > maxFrameBytes) {
    throw new ConnectionError(errorCode.frameSizeError, 'a frame is longer than was agreed')
  }
  return length
}
