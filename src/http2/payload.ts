/** What the payloads of frames have in common (RFC 9113 section 6). All of it throws a ConnectionError. */
import { ConnectionError, errorCode, flag } from './frame.js'

const priorityBytes = 5

/** The payload of DATA or HEADERS without its padding. */
export function withoutPadding(flags: number, payload: Buffer): Buffer {
  if ((flags & flag.padded) === 0) return payload
  const [padding] = payload
  if (padding === undefined) throw tooShort()
  // "greater than or equal to the length of the frame payload" (section 6.1); the length itself is an octet of it.
  if (padding >= payload.length) throw tooMuchPadding()
  return payload.subarray(1, payload.length - padding)
}

/** The fields of HEADERS: the payload without its padding, and without what it says of priorities. */
export function fieldsOf(flags: number, payload: Buffer): Buffer {
  const rest = withoutPadding(flags, payload)
  if ((flags & flag.priority) === 0) return rest
  if (payload.length < priorityBytes) throw tooShort()
  if (rest.length < priorityBytes) throw tooMuchPadding()
  return rest.subarray(priorityBytes)
}

/** The number of 32 bits that is all of the payload. */
export function readNumber(payload: Buffer): number {
  if (payload.length !== 4) throw tooShort()
  return payload.readUInt32BE()
}

/** The payload of GOAWAY. */
export function goawayPayload(lastStreamId: number, code: number, text: string): Buffer {
  const numbers = Buffer.alloc(8)
  numbers.writeUInt32BE(lastStreamId, 0)
  numbers.writeUInt32BE(code, 4)
  return Buffer.concat([numbers, Buffer.from(text)])
}

function tooMuchPadding(): ConnectionError {
  return new ConnectionError(errorCode.protocolError, 'more padding than payload')
}

function tooShort(): ConnectionError {
  return new ConnectionError(
    errorCode.frameSizeError,
    'a frame is not as long as its type has to be',
  )
}
