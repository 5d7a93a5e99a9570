/**
 * Which fields a header block says (RFC 7541): one decoder for each connection, because a block may refer to those before.
 *
 * The rules are:
 *   - what cannot be decoded ends the connection: both ends have to agree on the dynamic table, and no longer can;
 *   - a list that is too long ends its call only: its insertions are made all the same;
 *   - the work for a block grows with its octets and not with what they refer to: an entry is shared, never copied;
 *   - a block that repeats the last one, which changed nothing, is answered by the same list without a look at it.
 */
import { decodeHuffman } from './huffman.js'
import { defaultTableBytes } from './settings.js'
import { staticTable, type Field } from './static-table.js'

export type { Field } from './static-table.js'

/** What a decoder allows its peer. */
export interface HpackLimits {
  /**
   * SETTINGS_HEADER_TABLE_SIZE as we announce it: the largest dynamic table that a size update may ask for. Before the
   * first update the table holds 4,096 octets, be this more or less: a peer may use them before it has our settings.
   */
  readonly maxTableBytes: number
  /** SETTINGS_MAX_HEADER_LIST_SIZE: name, value and 32 octets for each field (RFC 9113 section 6.5.2). */
  readonly maxListBytes: number
}

/** A block that cannot be decoded: COMPRESSION_ERROR of the whole connection (RFC 9113 section 4.3). */
export class HpackError extends Error {}

/** What an entry counts beside its octets, in the table (RFC 7541 section 4.1) as in the list. */
const entryOverheadBytes = 32
/** The last octet of an integer is the fourth after its prefix, if not before: 2^28 is more than any block has octets. */
const lastShift = 21

/** Decodes the blocks of one connection, in the order in which they came. */
export class HpackDecoder {
  readonly #limits: HpackLimits
  readonly #table: DynamicTable
  #lastBlock: Buffer = Buffer.alloc(0)
  /** The fields of the last block; undefined when it must be decoded again, because it changed the table. */
  #lastFields: readonly Field[] | undefined

  constructor(limits: HpackLimits) {
    this.#limits = limits
    this.#table = new DynamicTable(Math.max(limits.maxTableBytes, defaultTableBytes))
  }

  /**
   * The fields in order, names as sent; nobody may change the list, for it can be given out again. Undefined when it is
   * longer than allowed; the connection can go on. Does not check names, values, or their order. Keeps nothing of `block`,
   * which its caller holds to 64 KiB. Throws HpackError for what cannot be decoded, and is of no use afterwards.
   */
  decode(block: Buffer): readonly Field[] | undefined {
    if (this.#lastFields !== undefined && this.#lastBlock.equals(block)) return this.#lastFields
    this.#lastFields = undefined
    const changesBefore = this.#table.changes
    const fields = this.#decodeFields(new BlockReader(block))
    if (this.#table.changes === changesBefore && fields !== undefined) {
      this.#lastBlock = Buffer.from(block)
      this.#lastFields = fields
    }
    return fields
  }

  #decodeFields(reader: BlockReader): readonly Field[] | undefined {
    // Section 4.2: a size update "MUST occur at the beginning of the first header block following the change".
    while (reader.isSizeUpdate()) {
      const maxBytes = reader.readInteger(5)
      if (maxBytes > this.#limits.maxTableBytes) throw new HpackError('the table gets too large')
      this.#table.resize(maxBytes)
    }
    const fields: Field[] = []
    let roomBytes = this.#limits.maxListBytes
    while (!reader.isAtEnd()) {
      const field = this.#decodeField(reader, roomBytes >= 0)
      if (field === undefined) continue
      roomBytes -= sizeOf(field)
      if (roomBytes >= 0) fields.push(field)
    }
    return roomBytes >= 0 ? fields : undefined
  }

  /** The next field; undefined for one that nobody wants and that the table does not need: its strings are not built. */
  #decodeField(reader: BlockReader, isWanted: boolean): Field | undefined {
    const first = reader.peek()
    if (first >= 0x80) return this.#find(reader.readInteger(7)) // Section 6.1: an indexed field.
    if (first >= 0x40) {
      const field = this.#decodeLiteral(reader, 6) // Section 6.2.1: a literal that the table keeps.
      this.#table.insert(field)
      return field
    }
    if (first >= 0x20) throw new HpackError('a size update after a field')
    // Sections 6.2.2 and 6.2.3: a literal that the table does not keep, whether or not others may.
    if (isWanted) return this.#decodeLiteral(reader, 4)
    const index = reader.readInteger(4)
    if (index === 0) reader.skipString()
    else this.#find(index)
    reader.skipString()
    return undefined
  }

  #decodeLiteral(reader: BlockReader, prefixBits: number): Field {
    const index = reader.readInteger(prefixBits)
    const name = index === 0 ? reader.readString() : this.#find(index)[0]
    return [name, reader.readString()]
  }

  /** Section 2.3.3: "Indices strictly greater than the sum of the lengths of both tables MUST be treated as a decoding error". */
  #find(index: number): Field {
    const field = staticTable[index - 1] ?? this.#table.get(index - staticTable.length - 1)
    if (field === undefined) throw new HpackError('an index that nothing has')
    return field
  }
}

function sizeOf([name, value]: Field): number {
  return name.length + value.length + entryOverheadBytes
}

/** The fields that the peer let us keep (RFC 7541 section 2.3.2), in a ring that has room for as many as can ever be. */
class DynamicTable {
  /** Grows with every insertion and every size update. */
  changes = 0
  readonly #ring: (Field | undefined)[]
  #inserted = 0
  #entries = 0
  #bytes = 0
  #maxBytes = defaultTableBytes

  constructor(largestBytes: number) {
    this.#ring = Array.from({ length: Math.floor(largestBytes / entryOverheadBytes) })
  }

  /** The entry of an age, 0 being the newest; undefined when there is none. */
  get(age: number): Field | undefined {
    return age >= 0 && age < this.#entries ? this.#ring[this.#slot(age)] : undefined
  }

  resize(maxBytes: number): void {
    this.changes += 1
    this.#maxBytes = maxBytes
    this.#evict(0)
  }

  /** Section 4.4: "an attempt to add an entry larger than the maximum size causes the table to be emptied". */
  insert(field: Field): void {
    this.changes += 1
    const bytes = sizeOf(field)
    this.#evict(bytes)
    if (bytes > this.#maxBytes) return
    this.#inserted += 1
    this.#entries += 1
    this.#bytes += bytes
    this.#ring[this.#slot(0)] = field
  }

  /** Lets the oldest go until there is room. Their slots are emptied, for they would keep secrets alive. */
  #evict(neededBytes: number): void {
    while (this.#entries > 0 && this.#bytes + neededBytes > this.#maxBytes) {
      const slot = this.#slot(this.#entries - 1)
      const oldest = this.#ring[slot]
      if (oldest !== undefined) this.#bytes -= sizeOf(oldest)
      this.#ring[slot] = undefined
      this.#entries -= 1
    }
  }

  #slot(age: number): number {
    return (this.#inserted - 1 - age) % this.#ring.length
  }
}

/** Integers and strings of a block, one after the other (RFC 7541 section 5). */
class BlockReader {
  readonly #block: Buffer
  #at = 0

  constructor(block: Buffer) {
    this.#block = block
  }

  isAtEnd(): boolean {
    return this.#at >= this.#block.length
  }

  /** Section 6.3: whether the next octet begins with the bits 001. */
  isSizeUpdate(): boolean {
    return !this.isAtEnd() && this.peek() >> 5 === 1
  }

  /** The next octet, which stays the next. */
  peek(): number {
    const octet = this.#block[this.#at]
    if (octet === undefined) throw new HpackError('the block ends too early')
    return octet
  }

  /** Section 5.1: "Integer encodings that exceed implementation limits -- in value or octet length -- MUST be treated as decoding errors". */
  readInteger(prefixBits: number): number {
    const prefix = (1 << prefixBits) - 1
    let value = this.#readOctet() & prefix
    if (value < prefix) return value
    for (let shift = 0; shift <= lastShift; shift += 7) {
      const octet = this.#readOctet()
      value += (octet & 0x7f) << shift
      if (octet < 0x80) return value
    }
    throw new HpackError('an integer is too long')
  }

  readString(): string {
    const isHuffman = this.peek() >= 0x80
    const start = this.skipString()
    if (!isHuffman) return this.#block.toString('latin1', start, this.#at)
    const text = decodeHuffman(this.#block, start, this.#at)
    if (text === undefined) throw new HpackError('a string is not in the Huffman code')
    return text
  }

  /** Goes on after a string, and says where it started. Does not look at what is in it. */
  skipString(): number {
    const length = this.readInteger(7)
    const start = this.#at
    if (length > this.#block.length - start) throw new HpackError('a string exceeds its block')
    this.#at += length
    return start
  }

  #readOctet(): number {
    const octet = this.peek()
    this.#at += 1
    return octet
  }
}
