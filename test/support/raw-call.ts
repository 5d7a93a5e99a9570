/** One gRPC call as an HTTP/2 stream of any headers and any body, and everything that comes back, as it came. */
import { connect, constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { endClient } from './end-client.js'

/** What to send in place of the usual. A header that is undefined is left out. */
export interface RawCall {
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** The DATA frames, each written for itself. */
  readonly body?: readonly Buffer[]
  /** Sends no end after the body. */
  readonly staysOpen?: boolean
  /** Ends the stream with its headers. */
  readonly hasNoBody?: boolean
  /** The client gives up after so long. */
  readonly endsAfterMs?: number
}

/** What came back. */
export interface RawAnswer {
  readonly headers: Readonly<Record<string, unknown>>
  readonly data: Buffer
  readonly trailers: Readonly<Record<string, unknown>>
  /** Whether the headers were all there was: an answer of trailers only. */
  readonly isTrailersOnly: boolean
  readonly rstCode: number
}

/** A message as gRPC frames it. */
export function framed(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt8(flag)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

/** Makes the call on a connection of its own. Resolves when the server has ended the stream, however it did. */
export async function callRaw(address: string, call: RawCall): Promise<RawAnswer> {
  const session = connect(`http://${address}`)
  session.on('error', () => undefined)
  try {
    return await new Promise((resolve) => {
      let headers: IncomingHttpHeaders = {}
      let trailers: IncomingHttpHeaders = {}
      let isTrailersOnly = false
      const chunks: Buffer[] = []
      const stream = session.request(fields(call), { endStream: call.hasNoBody === true })
      const finish = (): void => {
        resolve({
          headers: bare(headers),
          data: Buffer.concat(chunks),
          trailers: bare(trailers),
          isTrailersOnly,
          rstCode: stream.rstCode,
        })
      }
      stream.on('error', () => undefined)
      stream.on('response', (received, flags) => {
        headers = received
        isTrailersOnly = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
      })
      stream.on('trailers', (received: IncomingHttpHeaders) => (trailers = received))
      stream.on('data', (bytes: Buffer) => chunks.push(bytes))
      stream.on('close', finish)
      // The end of the server is the end of the call: what is left to send is nobody's.
      stream.on('end', () => {
        setImmediate(() => {
          stream.close(constants.NGHTTP2_NO_ERROR) // As in end-client.ts.
        })
      })
      if (call.endsAfterMs !== undefined) {
        setTimeout(() => {
          stream.close(constants.NGHTTP2_CANCEL)
        }, call.endsAfterMs)
      }
      if (call.hasNoBody === true) return
      for (const bytes of call.body ?? []) stream.write(bytes)
      if (call.staysOpen !== true) stream.end()
    })
  } finally {
    await endClient(session)
  }
}

function fields({ headers = {} }: RawCall): OutgoingHttpHeaders {
  const all: Record<string, string | undefined> = {
    ':method': 'POST',
    ':path': '/envoy.service.auth.v3.Authorization/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': '10S',
    ...headers,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** Without the date, which is the time's and not the answer's. */
function bare(headers: IncomingHttpHeaders): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'date'))
}
