/**
 * Writes a protobuf message from its last octet to its first.
 *
 * A sub-message has its length before it. Written backwards, it is there when its length is asked for: nothing is
 * measured before, and nothing is moved after.
 *
 * The rules are:
 *   - the last field is written first, and of a field its content before its tag;
 *   - only fields with numbers below 16 are written, whose tag is one octet;
 *   - text is UTF-8, as Buffer writes it: U+FFFD for a lone surrogate.
 */
const firstBytes = 4_096
/** More than the tag and the length of a field have, or its tag and its number. */
const fieldBytes = 8
/** Octets of UTF-8 for a unit of UTF-16, at most: three, for a pair has four. */
const unitBytes = 3
/** Up to here a loop is faster than two calls into Node. */
const shortText = 96

/** A buffer that is used again for each message, and grows to the longest. */
export class BackwardWriter {
  #bytes = Buffer.allocUnsafeSlow(firstBytes)
  #start = firstBytes

  /** How many octets are written: the name of a place that stays when the buffer grows. */
  get length(): number {
    return this.#bytes.length - this.#start
  }

  /** Forgets what was written. */
  clear(): void {
    this.#start = this.#bytes.length
  }

  /** What was written, in a buffer of its own. */
  copy(): Buffer {
    return Buffer.from(this.#bytes.subarray(this.#start))
  }

  /** A field that is a whole number from 0 to 2^31 - 1. */
  number(field: number, value: number): void {
    this.#reserve(fieldBytes)
    this.#writeVarint(value)
    this.#writeOctet(field << 3)
  }

  /** A field that is a text, written even when it is empty. */
  text(field: number, text: string): void {
    this.#reserve(text.length * unitBytes + fieldBytes)
    const end = this.length
    if (text.length > shortText || !this.#writeAscii(text)) this.#writeText(text)
    this.message(field, end)
  }

  /** Makes a field of what was written since the writer had the length `end`. */
  message(field: number, end: number): void {
    this.#reserve(fieldBytes)
    this.#writeVarint(this.length - end)
    this.#writeOctet((field << 3) | 2)
  }

  /** False, and nothing is written, when the text is not ASCII. */
  #writeAscii(text: string): boolean {
    const bytes = this.#bytes
    let at = this.#start
    for (let i = text.length - 1; i >= 0; i--) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) return false
      bytes[--at] = unit
    }
    this.#start = at
    return true
  }

  #writeText(text: string): void {
    this.#start -= Buffer.byteLength(text)
    this.#bytes.write(text, this.#start)
  }

  /** The lowest seven bits come first in the message, and so last here. */
  #writeVarint(value: number): void {
    if (value < 0x80) {
      this.#writeOctet(value)
      return
    }
    this.#writeVarint(value >>> 7)
    // The first octet of the rest stays where it is; this one goes before it.
    this.#writeOctet((value & 0x7f) | 0x80)
  }

  #writeOctet(octet: number): void {
    this.#bytes[--this.#start] = octet
  }

  /** Makes room, at the beginning, where there is not enough for so many octets. */
  #reserve(count: number): void {
    if (this.#start >= count) return
    const written = this.#bytes.subarray(this.#start)
    const grown = Buffer.allocUnsafeSlow(2 * (written.length + count))
    this.#start = grown.length - written.length
    grown.set(written, this.#start)
    this.#bytes = grown
  }
}
