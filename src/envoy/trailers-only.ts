/** A gRPC answer that is a status and nothing else: "Trailers-Only", one block of fields that ends the stream. */
import { encodeFields } from '../http2/index.js'

/** The block of such an answer. The message has to be percent-encoded, as gRPC wants it. */
export function trailersOnly(status: number, message: string): Buffer {
  return encodeFields([
    [':status', '200'],
    ['content-type', 'application/grpc+proto'],
    ['grpc-status', String(status)],
    ['grpc-message', message],
  ])
}
