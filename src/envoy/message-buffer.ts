/**
 * The content of a call of one message, as it comes: a flag, a length of four octets, and the message.
 *
 * The rules are:
 *   - what comes at once and is all there is, as most of the time, is not copied;
 *   - everything else is, into memory of about its own size: a part of what was read would keep all of it, and a list of
 *     parts of one octet a hundred times as much;
 *   - no room is made for more than has come, whatever the length says.
 */

/** What stands before a message. */
export const prefixBytes = 5
const firstRoomBytes = 2_048

/** Content, as far as it has come. */
export class MessageBuffer {
  readonly #maxMessageBytes: number
  #room: Buffer | undefined
  #length = 0

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes
  }

  /** All that has come. */
  get bytes(): Buffer | undefined {
    return this.#room?.subarray(0, this.#length)
  }

  /** The message, if it has come and nothing else. */
  get message(): Buffer | undefined {
    const isWhole = this.#length >= prefixBytes && this.#length === this.#wholeBytes()
    return isWhole && !this.isUnusual ? this.bytes?.subarray(prefixBytes) : undefined
  }

  /** Whether it is known by now not to be one message that is neither compressed nor too long. */
  get isUnusual(): boolean {
    if (this.#length < prefixBytes) return false
    const wholeBytes = this.#wholeBytes()
    return (
      this.#room?.[0] !== 0 ||
      wholeBytes > prefixBytes + this.#maxMessageBytes ||
      this.#length > wholeBytes
    )
  }

  /** Adds what has come. What is the first and the last is referred to, and not copied. */
  add(bytes: Buffer, isLast: boolean): void {
    if (this.#room === undefined && isLast) {
      this.#room = bytes
      this.#length = bytes.length
      return
    }
    const length = this.#length + bytes.length
    let room = this.#room
    if (room === undefined || room.length < length) {
      // Not of Node's pool, of which a small part would keep the whole.
      room = Buffer.allocUnsafeSlow(Math.max(firstRoomBytes, 2 * this.#length, length))
      this.#room?.copy(room, 0, 0, this.#length)
      this.#room = room
    }
    bytes.copy(room, this.#length)
    this.#length = length
  }

  #wholeBytes(): number {
    return prefixBytes + (this.#room?.readUInt32BE(1) ?? 0)
  }
}
