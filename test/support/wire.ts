/** The protobuf wire format by hand, for messages that no encoder would write. */
import protobuf from 'protobufjs'

/** A length-delimited field: a sub-message, a string or bytes. */
export function lengthDelimited(field: number, ...parts: readonly (Uint8Array | string)[]): Buffer {
  const content = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
  )
  return Buffer.concat([key(field, 2), varint(content.length), content])
}

/** A field whose length promises more or less than what follows. */
export function withLength(field: number, length: number, content: Uint8Array | string): Buffer {
  return Buffer.concat([key(field, 2), varint(length), Buffer.from(content)])
}

/** The key of a field. */
export function key(field: number, wireType: number): Buffer {
  return varint(field * 8 + wireType)
}

/** A varint of up to 32 bits. */
export function varint(value: number): Buffer {
  return Buffer.from(protobuf.Writer.create().uint32(value).finish())
}
