/**
 * The bytes of a CheckResponse, written straight into a buffer.
 *
 * protobuf.js is the reference: a property test holds the bytes equal to what it makes of the same answer. It needs an
 * object for each field and each number; this needs none, and every token that comes for the first time pays for it.
 *
 * The rules are:
 *   - written is from the end to the beginning, so that the length of a message is known when its turn comes;
 *   - code 0 is written with ok_response and with nothing else;
 *   - text is always UTF-8, with U+FFFD for a lone surrogate: a proxy cannot read an answer with anything else, and
 *     hands what it cannot read to its failure_mode_allow. Here protobuf.js is no reference, for in short texts it
 *     writes the surrogate;
 *   - the place of the decision id is known because it is written there, not because it is found.
 */
import { decisionIdLength } from '../check/index.js'
import { BackwardWriter } from './backward-writer.js'

/** A CheckResponse with a place for its decision id. Shared by all answers to the same decision. */
export interface PreparedResponse {
  readonly bytes: Buffer
  /** Where the decision id goes. */
  readonly idOffset: number
}

/** A header that replaces what the client or the upstream sent under its name. */
interface HeaderToSet {
  readonly name: string
  readonly value: string
}

interface AnyContent {
  readonly headers: readonly HeaderToSet[]
  /** Names and values, without the decision id, which comes last; what is undefined is left out. */
  readonly metadata: readonly (readonly [name: string, value: string | undefined])[]
}

/** An answer with code 0 and ok_response. */
export interface AllowContent extends AnyContent {
  readonly headersToRemove: readonly string[]
}

/** An answer with any code but 0, and never ok_response. */
export interface RefusalContent extends AnyContent {
  readonly kind: 'denied_response' | 'error_response'
  /** The gRPC status code. */
  readonly code: number
  readonly httpStatus: number
  readonly body: string
}

/** The numbers of the fields that are written, by message. A test compares them with our protos and with Envoy's. */
export const fieldNumbers = {
  'envoy.service.auth.v3.CheckResponse': {
    status: 1,
    denied_response: 2,
    ok_response: 3,
    dynamic_metadata: 4,
    error_response: 5,
  },
  'envoy.service.auth.v3.OkHttpResponse': { headers: 2, headers_to_remove: 5 },
  'envoy.service.auth.v3.DeniedHttpResponse': { status: 1, headers: 2, body: 3 },
  'envoy.config.core.v3.HeaderValueOption': { header: 1, append: 2, append_action: 3 },
  'envoy.config.core.v3.HeaderValue': { key: 1, value: 2 },
  'envoy.type.v3.HttpStatus': { code: 1 },
  'google.rpc.Status': { code: 1 },
  'google.protobuf.BoolValue': { value: 1 },
  'google.protobuf.Struct': { fields: 1 },
  'google.protobuf.Value': { stringValue: 3 },
} as const

const {
  'envoy.service.auth.v3.CheckResponse': checkResponse,
  'envoy.service.auth.v3.OkHttpResponse': okResponse,
  'envoy.service.auth.v3.DeniedHttpResponse': deniedResponse,
  'envoy.config.core.v3.HeaderValueOption': headerOption,
  'envoy.config.core.v3.HeaderValue': headerValue,
  'envoy.type.v3.HttpStatus': httpStatus,
  'google.rpc.Status': rpcStatus,
  'google.protobuf.BoolValue': boolValue,
  'google.protobuf.Struct': struct,
  'google.protobuf.Value': value,
} = fieldNumbers
/** Of an entry of a map, which is a message of its own in every protobuf. */
const mapEntry = { key: 1, value: 2 } as const

// One for all: an answer is written at once, and then copied.
const writer = new BackwardWriter()
const overwriteIfExistsOrAdd = 2
// Not hexadecimal, so no decision id: an answer that was sent without one could be told.
const idPlaceholder = '#'.repeat(decisionIdLength)

/** Encodes an allow. */
export function encodeAllow(answer: AllowContent): PreparedResponse {
  writer.clear()
  const idEnd = writeMetadata(answer)
  const end = writer.length
  const names = answer.headersToRemove
  for (let i = names.length - 1; i >= 0; i--) {
    writer.text(okResponse.headers_to_remove, names[i] as string)
  }
  writeHeaders(okResponse.headers, answer)
  writer.message(checkResponse.ok_response, end)
  writeStatus(0)
  return finish(idEnd)
}

/** Encodes a refusal. Throws on a code that would allow. */
export function encodeRefusal(answer: RefusalContent): PreparedResponse {
  // Fail closed: to a proxy code 0 is an allow, whatever comes with it, and a number that is no code may become 0.
  if (!(answer.code >= 1 && answer.code < 0x80)) throw new RangeError('no code of a refusal')
  writer.clear()
  // Fields are in the order of their numbers.
  if (answer.kind === 'error_response') writeRefusal(answer)
  const idEnd = writeMetadata(answer)
  if (answer.kind === 'denied_response') writeRefusal(answer)
  writeStatus(answer.code)
  return finish(idEnd)
}

function writeStatus(code: number): void {
  const end = writer.length
  writer.number(rpcStatus.code, code)
  writer.message(checkResponse.status, end)
}

function writeRefusal(answer: RefusalContent): void {
  const end = writer.length
  writer.text(deniedResponse.body, answer.body)
  writeHeaders(deniedResponse.headers, answer)
  const statusEnd = writer.length
  writer.number(httpStatus.code, answer.httpStatus)
  writer.message(deniedResponse.status, statusEnd)
  writer.message(checkResponse[answer.kind], end)
}

function writeHeaders(field: number, { headers }: AnyContent): void {
  for (let i = headers.length - 1; i >= 0; i--) {
    const header = headers[i] as HeaderToSet
    const end = writer.length
    writer.number(headerOption.append_action, overwriteIfExistsOrAdd)
    const appendEnd = writer.length
    writer.number(boolValue.value, 0)
    writer.message(headerOption.append, appendEnd)
    const headerEnd = writer.length
    writer.text(headerValue.value, header.value)
    writer.text(headerValue.key, header.name)
    writer.message(headerOption.header, headerEnd)
    writer.message(field, end)
  }
}

/** Writes metadata with the place of the decision id at its end. Returns where that ends. */
function writeMetadata({ metadata }: AnyContent): number {
  const end = writer.length
  writeMetadataEntry('decision_id', idPlaceholder)
  for (let i = metadata.length - 1; i >= 0; i--) {
    const [name, text] = metadata[i] as AnyContent['metadata'][number]
    if (text !== undefined) writeMetadataEntry(name, text)
  }
  writer.message(checkResponse.dynamic_metadata, end)
  return end
}

function writeMetadataEntry(name: string, text: string): void {
  const end = writer.length
  writer.text(value.stringValue, text)
  writer.message(mapEntry.value, end)
  writer.text(mapEntry.key, name)
  writer.message(struct.fields, end)
}

/** `idEnd` octets come after the decision id. */
function finish(idEnd: number): PreparedResponse {
  const bytes = writer.copy()
  return { bytes, idOffset: bytes.length - idEnd - decisionIdLength }
}
