/**
 * The few fields of a CheckRequest that a decision is made from, read straight from the wire.
 *
 * proto-loader's full decode is the reference: a property test holds the two equal. This one skips every header but
 * four, builds no maps, and merges repeated sub-messages as protobuf demands.
 *
 * The rules are:
 *   - bytes that are not a CheckRequest throw, and the caller denies;
 *   - `headers` and `header_map` are read alike; a header that is there twice is joined by a comma, as proxies do;
 *   - context extensions are the only source of a route selection, since only the proxy's configuration sets them.
 */
import protobuf, { type Reader } from 'protobufjs/minimal.js'

/** What was read. A field that was not there is empty, as proto3 has it. */
export interface DecodedCheckRequest {
  /** False for the TCP filter and for an empty message. */
  hasHttp: boolean
  method: string
  path: string
  host: string
  /** A part of the message, most often. */
  authorization: Uint8Array | undefined
  accept: string | undefined
  contentType: string | undefined
  requestId: string | undefined
  /** `:path` of a header_map: the octets that `path` may have lost. */
  rawPath: string | undefined
  /** Context extension `scopegate.resource`. */
  resource: string | undefined
  /** Context extension `scopegate.route`. */
  route: string | undefined
}

const lengthDelimited = 2

/** Decodes a CheckRequest. Throws on bytes that are none. Does not judge what it reads. */
export function decodeCheckRequest(bytes: Uint8Array): DecodedCheckRequest {
  const decoded: DecodedCheckRequest = {
    hasHttp: false,
    method: '',
    path: '',
    host: '',
    authorization: undefined,
    accept: undefined,
    contentType: undefined,
    requestId: undefined,
    rawPath: undefined,
    resource: undefined,
    route: undefined,
  }
  eachField(protobuf.Reader.create(bytes), bytes.length, decoded, checkRequestField)
  return decoded
}

type FieldReader = (field: number, reader: Reader, decoded: DecodedCheckRequest) => boolean

/** Reads the fields up to `end`; what `read` does not take is skipped by its wire type. */
function eachField(
  reader: Reader,
  end: number,
  decoded: DecodedCheckRequest,
  read: FieldReader,
): void {
  while (reader.pos < end) {
    const tag = reader.uint32()
    const wireType = tag & 7
    if (tag >>> 3 === 0) throw new RangeError('field number 0')
    if (wireType !== lengthDelimited || !read(tag >>> 3, reader, decoded)) {
      reader.skipType(wireType)
    }
  }
  if (reader.pos !== end) throw new RangeError('a field reaches beyond its message')
}

/** Reads a sub-message in place, so that a second one merges into the first. */
function message(reader: Reader, decoded: DecodedCheckRequest, read: FieldReader): true {
  const length = reader.uint32()
  const end = reader.pos + length
  if (end > reader.len) throw new RangeError('a message reaches beyond the end')
  eachField(reader, end, decoded, read)
  return true
}

function checkRequestField(field: number, reader: Reader, decoded: DecodedCheckRequest): boolean {
  return field === 1 && message(reader, decoded, attributesField)
}

function attributesField(field: number, reader: Reader, decoded: DecodedCheckRequest): boolean {
  if (field === 4) return message(reader, decoded, requestField)
  return field === 10 && contextExtension(reader, decoded)
}

function requestField(field: number, reader: Reader, decoded: DecodedCheckRequest): boolean {
  if (field !== 2) return false
  decoded.hasHttp = true
  return message(reader, decoded, httpField)
}

function httpField(field: number, reader: Reader, decoded: DecodedCheckRequest): boolean {
  switch (field) {
    case 2:
      decoded.method = reader.string()
      return true
    case 3:
      return header(reader, decoded)
    case 4:
      decoded.path = reader.string()
      return true
    case 5:
      decoded.host = reader.string()
      return true
    case 13:
      return message(reader, decoded, headerMapField)
    default:
      return false
  }
}

function headerMapField(field: number, reader: Reader, decoded: DecodedCheckRequest): boolean {
  return field === 1 && header(reader, decoded)
}

/**
 * A HeaderValue, or an entry of the `headers` map: key is 1, value is 2, raw_value is 3. The value is left where it is until it
 * is known to be wanted.
 */
function header(reader: Reader, decoded: DecodedCheckRequest): true {
  const length = reader.uint32()
  const end = reader.pos + length
  if (end > reader.len) throw new RangeError('a header reaches beyond the end')
  let name: HeaderField | undefined
  let valueAt: number | undefined
  let isRaw = false
  while (reader.pos < end) {
    const tag = reader.uint32()
    switch (tag) {
      case 0x0a: // 1: key
        name = headerName(reader)
        break
      case 0x12: // 2: value
      case 0x1a: // 3: raw_value
        valueAt = reader.pos
        isRaw = tag === 0x1a
        reader.skipType(lengthDelimited)
        break
      default:
        reader.skipType(tag & 7)
    }
  }
  if (reader.pos !== end) throw new RangeError('a header field reaches beyond its header')
  // The text form of `:path` has lost the same octets as `path`.
  const isWanted = name !== 'rawPath' || isRaw
  if (name !== undefined && isWanted) keepHeader(reader, decoded, name, valueAt)
  reader.pos = end
  return true
}

function keepHeader(
  reader: Reader,
  decoded: DecodedCheckRequest,
  name: HeaderField,
  valueAt: number | undefined,
): void {
  if (valueAt !== undefined) reader.pos = valueAt
  if (name === 'authorization') {
    const octets = valueAt === undefined ? noOctets : reader.bytes()
    const before = decoded.authorization
    decoded.authorization = before === undefined ? octets : Buffer.concat([before, comma, octets])
    return
  }
  const value = valueAt === undefined ? '' : reader.string()
  const before = decoded[name]
  decoded[name] = before === undefined ? value : `${before},${value}`
}

const noOctets = Buffer.alloc(0)
const comma = Buffer.from(',')

type HeaderField = 'authorization' | 'accept' | 'contentType' | 'requestId' | 'rawPath'

/** The wanted headers by the length of their name, which tells most others apart from them at once. */
const wantedHeaders: readonly (readonly WantedHeader[] | undefined)[] = byLength([
  ['authorization', 'authorization'],
  ['accept', 'accept'],
  ['content-type', 'contentType'],
  ['x-request-id', 'requestId'],
  [':path', 'rawPath'],
])

interface WantedHeader {
  readonly name: Uint8Array
  readonly field: HeaderField
}

function byLength(names: readonly (readonly [string, HeaderField])[]): WantedHeader[][] {
  const wanted: WantedHeader[][] = []
  for (const [name, field] of names) {
    ;(wanted[name.length] ??= []).push({ name: Buffer.from(name, 'latin1'), field })
  }
  return wanted
}

/** Which header it is; undefined for one that is not wanted. Looks at the octets where they are: making a string of each name would cost more than all else. */
function headerName(reader: Reader): HeaderField | undefined {
  const { buf, pos } = reader
  // Of a name longer than 127 octets, which has a length of two, this is no length; then there is none that is so long.
  const candidates = wantedHeaders[buf[pos] as number]
  reader.skipType(lengthDelimited)
  if (candidates === undefined) return undefined
  for (const { name, field } of candidates) if (isAt(buf, pos + 1, name)) return field
  return undefined
}

function isAt(buf: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (buf[start + i] !== name[i]) return false
  return true
}

function contextExtension(reader: Reader, decoded: DecodedCheckRequest): true {
  const length = reader.uint32()
  const end = reader.pos + length
  if (end > reader.len) throw new RangeError('a context extension reaches beyond the end')
  let key = ''
  let value = ''
  while (reader.pos < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) key = reader.string()
    else if (tag === 0x12) value = reader.string()
    else reader.skipType(tag & 7)
  }
  if (reader.pos !== end) throw new RangeError('a context extension reaches beyond its entry')
  if (key === 'scopegate.resource') decoded.resource = value
  if (key === 'scopegate.route') decoded.route = value
  return true
}
