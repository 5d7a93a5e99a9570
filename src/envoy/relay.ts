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
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { duplexPair, type Duplex } from 'node:stream'
import {
  encodeFields,
  errorCode,
  type Field,
  type RequestHead,
  type ServerConnection,
  type ServerStream,
  type StreamHandler,
} from '../http2/index.js'
import { trailersOnly } from './trailers-only.js'

/** How a connection gets into a server; grpc-js calls it an injector. */
export type InjectConnection = (connection: Duplex) => void

/** Hands streams on. */
export interface Relay {
  /**
   * Hands on a stream that has got no answer yet, with what was read of it already, and whether that was all of it. Gives
   * who serves it from now on. Never throws.
   */
  take(
    stream: ServerStream,
    connection: ServerConnection,
    received?: Buffer,
    isEnded?: boolean,
  ): StreamHandler
  /** Cuts what is under way. */
  close(): void
}

const unavailable = trailersOnly(14, 'The call could not be handed on')
const noBytes = Buffer.alloc(0)
/** Serves what is over. */
const nobody: StreamHandler = { data: ignore, ended: ignore, closed: ignore }
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
  const passages = new Map<ServerConnection, Passage>()

  function passageOf(client: ServerConnection): Passage {
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
    take(stream, connection, received = noBytes, isEnded = false) {
      try {
        const passage = passageOf(connection)
        if (passage.streams >= maxStreams) throw new Error('too many streams')
        const upstream = passage.session.request(toHeaders(stream.head), { endStream: false })
        passage.streams += 1
        upstream.once('close', () => {
          passage.streams -= 1
        })
        if (received.length > 0) upstream.write(received) // Its room has been given back.
        if (isEnded) upstream.end()
        return new RelayedStream(stream, upstream)
      } catch {
        stream.sendHeaders(unavailable, true)
        return nobody
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

/** A stream and the one behind it, each of which ends with the other. */
class RelayedStream implements StreamHandler {
  readonly #stream: ServerStream
  readonly #upstream: ClientHttp2Stream
  #isAnswered = false
  #isWhole = false
  #trailers: IncomingHttpHeaders | undefined

  constructor(stream: ServerStream, upstream: ClientHttp2Stream) {
    this.#stream = stream
    this.#upstream = upstream
    upstream.on('error', ignore) // A 'close' follows.
    upstream.once('response', (headers, flags) => {
      this.#isAnswered = true
      this.#isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
      stream.sendHeaders(encodeFields(toFields(headers)), this.#isWhole)
    })
    upstream.on('data', (bytes: Buffer) => {
      upstream.pause()
      stream.sendData(bytes, () => upstream.resume())
    })
    upstream.once('trailers', (fields: IncomingHttpHeaders) => {
      this.#trailers = fields
    })
    upstream.once('end', () => {
      if (this.#trailers === undefined) return
      this.#isWhole = true
      stream.sendTrailers(encodeFields(toFields(this.#trailers)))
    })
    upstream.once('close', () => {
      if (!this.#isAnswered) stream.sendHeaders(unavailable, true)
      else if (!this.#isWhole) stream.reset(upstream.rstCode || errorCode.internalError)
    })
  }

  data(bytes: Buffer): void {
    this.#upstream.write(bytes, () => {
      this.#stream.release(bytes.length)
      this.#stream.credit(bytes.length)
    })
  }

  ended(): void {
    this.#upstream.end()
  }

  closed(): void {
    // Not for what has got its answer: resets of ours would count against the connection behind.
    if (!this.#isWhole) this.#upstream.close(constants.NGHTTP2_CANCEL)
    // Or it would wait for ever to send what nobody behind it reads any more, and keep its place.
    this.#upstream.destroy()
  }
}

/** The fields as node:http2 wants them: what comes several times as a list. */
function toHeaders(head: RequestHead): OutgoingHttpHeaders {
  const headers = new Map<string, string | string[]>()
  for (const [name, value] of head.fields) {
    const known = headers.get(name)
    if (known === undefined) headers.set(name, value)
    else if (typeof known === 'string') headers.set(name, [known, value])
    else known.push(value)
  }
  return Object.fromEntries(headers)
}

/** Node's types do not know that `:status` is a number. */
function toFields(headers: Readonly<Record<string, unknown>>): Field[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one): Field => [name, String(one)]),
  )
}

function ignore(): void {
  // Said where it is used.
}
