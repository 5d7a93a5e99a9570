/**
 * The frames of an HTTP/2 client by their names (RFC 9113 section 6), right ones and wrong ones, and those of a Check. What
 * is told apart here by a number is told apart on the wire by the same one.
 */
import { checkRequestMessage, encodeCheckRequest } from './check-client.js'
import { framed } from './raw-call.js'
import { blockBytes, frame, frameType, type HeaderBlock } from './raw-http2.js'

/** Flags of frames. ACK is END_STREAM's bit. */
export const flag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 }

/** Settings by their number (RFC 9113 section 6.5.2). */
export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
}

/** One setting and its value. */
export type Setting = readonly [id: number, value: number]

/** The greatest window, and the greatest stream. */
export const greatest = 2 ** 31 - 1
/** The largest frame and the first window of whoever has not said otherwise. */
export const defaultFrameBytes = 16_384
export const defaultWindowBytes = 65_535

const errorNames = [
  ...['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT'],
  ...['STREAM_CLOSED', 'FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR'],
  ...['CONNECT_ERROR', 'ENHANCE_YOUR_CALM', 'INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED'],
]

/** The name of an error code (RFC 9113 section 7). */
export function errorName(code: number): string {
  return errorNames[code] ?? String(code)
}

/** A path that the door has. */
export const checkPath = '/envoy.service.auth.v3.Authorization/Check'
/** The message of a Check that the door allows, as gRPC frames it. */
export const checkMessage = framed(encodeCheckRequest(checkRequestMessage({ path: '/read' })))
/** The pseudo-header fields of a Check. */
export const pseudoFields: HeaderBlock = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', checkPath],
  [':authority', 'gate'],
]
/** The header fields of a Check. */
export const checkBlock: HeaderBlock = [
  ...pseudoFields,
  ['te', 'trailers'],
  ['content-type', 'application/grpc'],
]

/** 32 bits. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** HEADERS of any octets, whole unless the flags say otherwise. */
export function headers(stream: number, block: Buffer, flags = flag.endHeaders): Buffer {
  return frame(frameType.headers, flags, stream, block)
}

/** HEADERS of these fields, whole, with the end of the stream or not. */
export function request(stream: number, block: HeaderBlock, isEnd = false): Buffer {
  return headers(stream, blockBytes(block), flag.endHeaders | (isEnd ? flag.endStream : 0))
}

/** A Check that has its headers and nothing else yet. */
export function openCheck(stream: number): Buffer {
  return request(stream, checkBlock)
}

/** A whole Check. */
export function check(stream: number): Buffer {
  return Buffer.concat([openCheck(stream), data(stream, checkMessage, flag.endStream)])
}

/** A field that the decoder has to remember (RFC 7541 section 6.2.1); index 62 until another one is. */
export function remembered(name: string, value: string): Buffer {
  return blockBytes([[name, value]]).fill(0x40, 0, 1)
}

/** CONTINUATION. */
export function continuation(stream: number, block: Buffer, flags = 0): Buffer {
  return frame(frameType.continuation, flags, stream, block)
}

/** DATA. */
export function data(stream: number, bytes: Buffer = Buffer.alloc(0), flags = 0): Buffer {
  return frame(frameType.data, flags, stream, bytes)
}

/** The payload of a padded frame: the length, what is padded, and the padding. */
export function padded(bytes: Buffer, padding: number): Buffer {
  return Buffer.concat([Buffer.from([padding]), bytes, Buffer.alloc(padding)])
}

/** PRIORITY, or what HEADERS say of it. */
export function priorityFields(dependency: number, weight = 15): Buffer {
  return Buffer.concat([uint32(dependency), Buffer.from([weight])])
}

/** RST_STREAM; CANCEL unless told otherwise. */
export function reset(stream: number, code = 8): Buffer {
  return frame(frameType.reset, 0, stream, uint32(code))
}

/** SETTINGS. */
export function settings(...values: readonly Setting[]): Buffer {
  const entries = values.map(([id, value]) => {
    const entry = Buffer.alloc(6)
    entry.writeUInt16BE(id)
    entry.writeUInt32BE(value, 2)
    return entry
  })
  return frame(frameType.settings, 0, 0, Buffer.concat(entries))
}

/** PING of eight octets. */
export function ping(octets: Buffer, flags = 0): Buffer {
  return frame(frameType.ping, flags, 0, octets)
}

/** GOAWAY of a client that has taken no stream of the server's. */
export function goaway(code = 0): Buffer {
  return frame(frameType.goaway, 0, 0, Buffer.concat([uint32(0), uint32(code)]))
}

/** WINDOW_UPDATE. */
export function windowUpdate(stream: number, increment: number): Buffer {
  return frame(frameType.windowUpdate, 0, stream, uint32(increment))
}
