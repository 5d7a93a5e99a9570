/**
 * The head of a request without a body, read in one pass (RFC 9112).
 *
 * The rules are:
 *   - only one way to write each thing is read here, the one that proxies use: no body, no leniency about line ends, spaces or
 *     repeated framing fields. What is written in any other way is for Node, good or not, so this refuses nothing and repairs
 *     nothing, and there is no second opinion about where a request ends;
 *   - what is read here is read exactly as Node reads it (`test/property/http1-as-node.test.ts`).
 */

/** A request that has no body. Untrusted. */
export interface RequestHead {
  readonly method: string
  /** In origin form: it begins with a slash (RFC 9112 section 3.2.1). */
  readonly target: string
  /** Name, value, name, value; values without the space around them. Octets beyond ASCII are characters of Latin-1. */
  readonly fields: readonly string[]
  /** The client wants the connection closed after the answer (RFC 9112 section 9.6). */
  readonly closes: boolean
  /** Where it ended: the index of the octet behind it. */
  readonly end: number
}

/** 'incomplete': so far it is one, and more has to come. 'other': it is none, or none that is read here. */
export type HeadReading = RequestHead | 'incomplete' | 'other'

const tab = 0x09
const lineFeed = 0x0a
const carriageReturn = 0x0d
const space = 0x20
const slash = 0x2f
const colon = 0x3a

const methods: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
])
const longestMethod = 'OPTIONS'.length

const inName = 1
const inTarget = 2
const inValue = 4
/** What an octet may be a part of: tchar, visible ASCII, and field-content with Latin-1 (RFC 9110 sections 5.5 and 5.6.2). */
const octets = Uint8Array.from({ length: 256 }, (_, octet) => {
  const isVisible = octet > space && octet < 0x7f
  const isToken = isVisible && /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(octet))
  const isValue = isVisible || octet === space || octet === tab || octet >= 0x80
  return (isToken ? inName : 0) | (isVisible ? inTarget : 0) | (isValue ? inValue : 0)
})

/** Heads of more fields are Node's matter. */
const maxFields = 200
/** Where the fields are of the head that is being read: start and end of a name, start and end of its value; 0 behind the last. */
const places = new Uint32Array(4 * maxFields + 1)

/** Reads the request with which the octets begin. Never throws. */
export function readRequestHead(bytes: Buffer): HeadReading {
  const methodEnd = endOf(inName, bytes, 0)
  if (methodEnd === bytes.length) return methodEnd > longestMethod ? 'other' : 'incomplete'
  if (bytes[methodEnd] !== space) return 'other'
  const targetStart = methodEnd + 1
  if (targetStart < bytes.length && bytes[targetStart] !== slash) return 'other'
  const targetEnd = endOf(inTarget, bytes, targetStart)
  const version = versionAt(bytes, targetEnd)
  if (typeof version === 'string') return version
  const end = findFields(bytes, targetEnd + versionLength)
  if (typeof end === 'string') return end

  // One text for all of it: texts of their own would cost more than all of the reading. It lives as long as the request.
  const text = bytes.toString('latin1', 0, end)
  const method = text.slice(0, methodEnd)
  if (!methods.has(method)) return 'other'
  const framing: Framing = { closes: undefined, isEmpty: undefined }
  const fields: string[] = []
  for (let place = 0; placeAt(place) !== 0; place += 4) {
    const name = text.slice(placeAt(place), placeAt(place + 1))
    const value = text.slice(placeAt(place + 2), placeAt(place + 3))
    const isPlain = bytes[placeAt(place + 3)] === carriageReturn
    if (!takeFraming(framing, name, value, isPlain)) return 'other'
    fields.push(name, value)
  }
  const target = text.slice(targetStart, targetEnd)
  return { method, target, fields, closes: framing.closes ?? version.closes, end }
}

const versions = [
  { octets: Buffer.from(' HTTP/1.1\r\n'), closes: false },
  { octets: Buffer.from(' HTTP/1.0\r\n'), closes: true },
]
const versionLength = ' HTTP/1.1\r\n'.length

function versionAt(bytes: Buffer, at: number): { closes: boolean } | 'incomplete' | 'other' {
  const length = Math.min(versionLength, bytes.length - at)
  for (const version of versions) {
    let same = 0
    while (same < length && bytes[at + same] === version.octets[same]) same++
    if (same === length) return length === versionLength ? version : 'incomplete'
  }
  return 'other'
}

/** Finds the fields up to the empty line; gives the index behind that. */
function findFields(bytes: Buffer, start: number): number | 'incomplete' | 'other' {
  let at = start
  for (let place = 0; place < 4 * maxFields; place += 4) {
    const nameEnd = endOf(inName, bytes, at)
    if (nameEnd === at) {
      places[place] = 0
      return lineEnd(bytes, at)
    }
    if (nameEnd === bytes.length) return 'incomplete'
    if (bytes[nameEnd] !== colon) return 'other'
    const valueEnd = endOf(inValue, bytes, nameEnd + 1)
    const next = lineEnd(bytes, valueEnd)
    if (typeof next === 'string') return next
    places[place] = at
    places[place + 1] = nameEnd
    withoutSpaceAround(bytes, nameEnd + 1, valueEnd, place + 2)
    at = next
  }
  return 'other'
}

function placeAt(place: number): number {
  return places[place] as number
}

/** What is said about connection and length, each of which is said once or not at all. */
interface Framing {
  closes: boolean | undefined
  isEmpty: true | undefined
}

/**
 * Whether the field leaves it at a request that ends with its head. `isPlain`: there is no space behind the value, of which Node
 * is not of one mind.
 */
function takeFraming(framing: Framing, name: string, value: string, isPlain: boolean): boolean {
  switch (name.length) {
    case 'expect'.length:
      return name.toLowerCase() !== 'expect'
    case 'connection'.length: {
      if (name.toLowerCase() !== 'connection') return true
      if (framing.closes !== undefined || !isPlain) return false
      const option = value.toLowerCase()
      framing.closes = option === 'close'
      return framing.closes || option === 'keep-alive'
    }
    case 'content-length'.length:
      if (name.toLowerCase() !== 'content-length') return true
      if (framing.isEmpty !== undefined || !isPlain) return false
      framing.isEmpty = true
      return value === '0'
    case 'proxy-connection'.length: // Node reads it as if it were Connection.
      return name.toLowerCase() !== 'proxy-connection'
    case 'transfer-encoding'.length:
      return name.toLowerCase() !== 'transfer-encoding'
    default:
      return true
  }
}

/** The index of the first octet that is no such part. */
function endOf(part: number, bytes: Buffer, start: number): number {
  let at = start
  while (at < bytes.length && ((octets[bytes[at] as number] as number) & part) !== 0) at++
  return at
}

/** The index behind the end of a line that is at `at`. */
function lineEnd(bytes: Buffer, at: number): number | 'incomplete' | 'other' {
  if (at >= bytes.length) return 'incomplete'
  if (bytes[at] !== carriageReturn) return 'other'
  if (at + 1 >= bytes.length) return 'incomplete'
  return bytes[at + 1] === lineFeed ? at + 2 : 'other'
}

/** Says at `place` where a value begins and ends without the space around it. */
function withoutSpaceAround(bytes: Buffer, start: number, end: number, place: number): void {
  let first = start
  let last = end
  while (first < last && isSpace(bytes[first])) first++
  while (last > first && isSpace(bytes[last - 1])) last--
  places[place] = first
  places[place + 1] = last
}

function isSpace(octet: number | undefined): boolean {
  return octet === space || octet === tab
}
