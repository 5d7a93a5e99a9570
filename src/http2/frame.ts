/**
 * What HTTP/2 is made of: frames, their types and flags, and the codes by which streams and connections end (RFC 9113
 * sections 4, 6 and 7).
 */

/** The types of frames (RFC 9113 section 6). */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

/** The flags of frames; what one means depends on the type. */
export const flag = {
  none: 0,
  ack: 0x1,
  endStream: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const

/** Why something ends (RFC 9113 section 7). */
export const errorCode = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  compressionError: 9,
  enhanceYourCalm: 11,
} as const

/** A frame begins with its length, its type, its flags and the number of its stream. */
export const frameHeadBytes = 9
/** The longest payload that is taken: what every peer has to be content with (RFC 9113 section 4.2). */
export const maxFrameBytes = 16_384
/** The window that streams and connections begin with (RFC 9113 section 6.9.2). */
export const defaultWindowBytes = 65_535
/** No window may be larger, no stream have a greater number. */
export const maxInteger: number = 2 ** 31 - 1

/** What a client did that ends its connection: the code for the GOAWAY, and a text for whoever debugs it. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** Writes the head of a frame into `bytes` and returns where its payload begins. */
export function writeFrameHead(
  bytes: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): number {
  bytes.writeUInt32BE(((length << 8) | type) >>> 0, at)
  bytes[at + 4] = flags
  return bytes.writeUInt32BE(streamId, at + 5)
}

/** A whole frame. */
export function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeadBytes + payload.length)
  payload.copy(bytes, writeFrameHead(bytes, 0, payload.length, type, flags, streamId))
  return bytes
}

/** A frame whose payload is one number of 32 bits: RST_STREAM and WINDOW_UPDATE. */
export function numberFrame(type: number, streamId: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(frameHeadBytes + 4)
  bytes.writeUInt32BE(value, writeFrameHead(bytes, 0, 4, type, flag.none, streamId))
  return bytes
}

/** A block of header fields as HEADERS and, where it is too long for one frame, CONTINUATION. */
export function headerFrames(
  block: Buffer,
  streamId: number,
  isEnd: boolean,
  maxBytes: number,
): Buffer {
  const ending = isEnd ? flag.endStream : flag.none
  if (block.length <= maxBytes) {
    return frame(frameType.headers, flag.endHeaders | ending, streamId, block)
  }
  const frames = [frame(frameType.headers, ending, streamId, block.subarray(0, maxBytes))]
  for (let at = maxBytes; at < block.length; at += maxBytes) {
    const isLast = at + maxBytes >= block.length
    const flags = isLast ? flag.endHeaders : flag.none
    frames.push(frame(frameType.continuation, flags, streamId, block.subarray(at, at + maxBytes)))
  }
  return Buffer.concat(frames)
}
