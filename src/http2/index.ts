/** HTTP/2 for servers of unary calls: a connection, its requests, and their answers (RFC 9113, RFC 7541). */
export { encodeFields } from './encode-fields.js'
export { errorCode } from './frame.js'
export type { Field } from './hpack-decoder.js'
export { RequestHead } from './request-head.js'
export { ServerConnection } from './server-connection.js'
export { ServerStream, type StreamHandler } from './server-stream.js'
