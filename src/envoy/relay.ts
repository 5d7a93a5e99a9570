/**
 * The way from our own listener to the grpc-js server in the same process, one HTTP/2 stream for each: health,
 * reflection, unknown methods, and Check calls that are not in their usual form.
 *
 * The rules are:
 *   - each connection of a client has one of its own behind it, with its own bound: what one client does to it, too many
 *     streams or too many resets, takes nothing from the probes of another;
 *   - what grpc-js says reaches the client as it was said: fields, messages, trailers, or an answer of trailers only;
 *   - the end of either side is the end of the other, and neither is read faster than the other takes it;
 *   - what cannot be handed on is answered with UNAVAILABLE.
 */
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { duplexPair, type Duplex } from 'node:stream'

/** How a connection gets into a server; grpc-js calls it an injector. */
export type InjectConnection = (connection: Duplex) => void

/** Hands streams on. */
export interface Relay {
  /**
   * Hands on a stream that has got no answer yet, with what was read of it already, and whether that was all of it.
   * Never throws.
   */
  take(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    received?: Buffer,
    isEnded?: boolean,
  ): void
  /** Cuts what is under way. */
  close(): void
}

const unavailable = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-status': 14,
  'grpc-message': 'The call could not be handed on',
}
const sessionOptions = {
  maxSendHeaderBlockLength: Number.MAX_SAFE_INTEGER,
  maxSessionMemory: Number.MAX_SAFE_INTEGER,
}

/** What the streams of one client's connection go through. The streams of a session that was cut or full still count. */
interface Passage {
  session: ClientHttp2Session
  streams: number
}

/**
 * Creates a relay of `maxStreams` at a time for each connection of a client. Connects when its first stream comes, and again
 * when that was cut.
 */
export function createRelay(inject: InjectConnection, maxStreams: number): Relay {
  const passages = new Map<Http2Session, Passage>()

  function passageOf(client: Http2Session): Passage {
    const known = passages.get(client)
    if (known !== undefined) {
      const { closed, destroyed } = known.session
      if (closed || destroyed) known.session = connectThrough(inject)
      return known
    }
    const passage = { session: connectThrough(inject), streams: 0 }
    passages.set(client, passage)
    client.once('close', () => {
      passages.delete(client)
      passage.session.close() // Its streams are told of the end of theirs, and then it ends.
    })
    return passage
  }

  return {
    take(stream, headers, received = Buffer.alloc(0), isEnded = false) {
      stream.on('error', ignore)
      const client = stream.session
      if (stream.destroyed || stream.closed || client === undefined || client.destroyed) return
      try {
        const passage = passageOf(client)
        if (passage.streams >= maxStreams) throw new Error('too many streams')
        const upstream = passage.session.request({ ...headers }, { endStream: false })
        passage.streams += 1
        upstream.once('close', () => {
          passage.streams -= 1
        })
        join(stream, upstream)
        if (isEnded) {
          upstream.end(received)
        } else {
          if (received.length > 0) upstream.write(received)
          stream.pipe(upstream)
        }
      } catch {
        answerUnavailable(stream)
      }
    },
    close() {
      for (const { session } of passages.values()) session.destroy()
    },
  }
}

function connectThrough(inject: InjectConnection): ClientHttp2Session {
  const [near, far] = duplexPair()
  // A pair does not do this by itself, and streams of half a pair would wait for ever.
  far.once('close', () => near.destroy())
  near.once('close', () => far.destroy())
  inject(far)
  const session = connect('http://relay', { ...sessionOptions, createConnection: () => near })
  session.on('error', ignore) // Its streams are closed, and tell their clients.
  return session
}

/** Ties the answer of one stream to another, and the end of each to the other's. */
function join(stream: ServerHttp2Stream, upstream: ClientHttp2Stream): void {
  let trailers: IncomingHttpHeaders | undefined
  upstream.on('error', ignore)
  upstream.once('response', (headers, flags) => {
    if (stream.destroyed || stream.closed) return
    const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
    stream.respond(headers, isWhole ? { endStream: true } : { waitForTrailers: true })
    if (!isWhole) upstream.pipe(stream)
  })
  upstream.once('trailers', (fields: IncomingHttpHeaders) => {
    trailers = fields
  })
  stream.once('wantTrailers', () => {
    if (trailers === undefined) stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    else stream.sendTrailers(trailers)
  })
  upstream.once('close', () => {
    if (stream.destroyed || stream.closed) return
    if (!stream.headersSent) answerUnavailable(stream)
    else if (upstream.rstCode !== constants.NGHTTP2_NO_ERROR) stream.close(upstream.rstCode)
  })
  stream.once('close', () => {
    if (!upstream.closed) upstream.close(constants.NGHTTP2_CANCEL)
  })
}

function answerUnavailable(stream: ServerHttp2Stream): void {
  if (!stream.destroyed && !stream.closed) stream.respond(unavailable, { endStream: true })
  stream.resume()
}

function ignore(): void {
  // Said where it is used.
}
