/**
 * A header block that says given fields and needs no memory on either side (RFC 7541 section 6).
 *
 * The rules are:
 *   - a field of the static table is its index, and a name of it is too; all else is sent as it is, without Huffman;
 *   - no field is ever put into the peer's dynamic table, so that blocks can be made before and sent in any order;
 *   - credentials are marked, so that no proxy on the way puts them into a table either (section 7.1.3).
 */
import { staticTable, type Field } from './static-table.js'

interface StaticName {
  /** The first entry that has this name. */
  readonly index: number
  readonly indexByValue: Map<string, number>
}

const staticNames = indexStaticTable()
const sensitiveNames: ReadonlySet<string> = new Set(['authorization', 'cookie', 'set-cookie'])
const indexed = 0x80
const withoutIndexing = 0x00
const neverIndexed = 0x10
/** What a field needs beside its octets, at most: the index of a name or a zero, and two lengths. */
const maxIntegerBytes = 6

/**
 * The block of these fields, in this order. Does not check names or values, does not make names lower-case, and does not
 * split the block into frames. Throws a RangeError for a character that is not in Latin-1: cut to an octet, it could be
 * a line feed.
 */
export function encodeFields(fields: Iterable<Field>): Buffer {
  const all = [...fields]
  let maxBytes = 0
  for (const [name, value] of all) maxBytes += name.length + value.length + 3 * maxIntegerBytes
  const block = Buffer.alloc(maxBytes)
  let at = 0
  for (const field of all) at = writeField(block, at, field)
  return block.subarray(0, at)
}

function writeField(block: Buffer, start: number, [name, value]: Field): number {
  const known = staticNames.get(name)
  const isSensitive = sensitiveNames.has(name)
  const index = isSensitive ? undefined : known?.indexByValue.get(value)
  if (index !== undefined) return writeInteger(block, start, indexed, 7, index)
  const kind = isSensitive ? neverIndexed : withoutIndexing
  const at = writeInteger(block, start, kind, 4, known?.index ?? 0)
  return writeString(block, known === undefined ? writeString(block, at, name) : at, value)
}

function writeString(block: Buffer, start: number, text: string): number {
  if (/[^\0-\xff]/.test(text)) throw new RangeError('a header field is not in Latin-1')
  const at = writeInteger(block, start, 0, 7, text.length)
  return at + block.write(text, at, 'latin1')
}

/** Section 5.1: what exceeds the prefix follows in groups of seven bits, the lowest first. */
function writeInteger(
  block: Buffer,
  start: number,
  kind: number,
  prefixBits: number,
  value: number,
): number {
  const prefix = (1 << prefixBits) - 1
  if (value < prefix) return block.writeUInt8(kind | value, start)
  let at = block.writeUInt8(kind | prefix, start)
  let rest = value - prefix
  for (; rest >= 0x80; rest >>>= 7) at = block.writeUInt8((rest & 0x7f) | 0x80, at)
  return block.writeUInt8(rest, at)
}

function indexStaticTable(): ReadonlyMap<string, StaticName> {
  const names = new Map<string, StaticName>()
  for (const [at, [name, value]] of staticTable.entries()) {
    const known = names.get(name) ?? { index: at + 1, indexByValue: new Map<string, number>() }
    known.indexByValue.set(value, at + 1)
    names.set(name, known)
  }
  return names
}
