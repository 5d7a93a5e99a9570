/** A block of fields that comes in several frames: HEADERS and the CONTINUATIONs after it (RFC 9113 section 6.10). */
import { ConnectionError, errorCode } from './frame.js'

/** How long a block may be, as it was sent. */
const maxBlockBytes = 65_536
/** How many frames may bring it: empty ones cost something too (CVE-2024-27316). */
const maxPieces = 64

/** The block of one stream, as far as it has come. */
export class HeaderBlock {
  readonly streamId: number
  readonly isEndOfStream: boolean
  readonly #pieces: Buffer[] = []
  #bytes = 0

  constructor(streamId: number, isEndOfStream: boolean) {
    this.streamId = streamId
    this.isEndOfStream = isEndOfStream
  }

  /** Throws a ConnectionError when that is more than any request needs. */
  add(piece: Buffer): void {
    this.#bytes += piece.length
    if (this.#pieces.push(piece) > maxPieces || this.#bytes > maxBlockBytes) {
      throw new ConnectionError(errorCode.enhanceYourCalm, 'a block of fields is too long')
    }
  }

  whole(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}
