/**
 * The server's side of one HTTP/2 connection (RFC 9113), for calls of one request and one answer. It pushes nothing, takes no
 * CONNECT, and no notice of priorities, which are deprecated.
 *
 * The rules are:
 *   - what breaks the connection ends it with GOAWAY and its code (section 5.4.1);
 *   - a client that is told to go loses nothing: what it has sent before it knew is served (section 6.8);
 *   - the connection ends also when the client does not: it has a second to read what it was told last.
 */
import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import {
  ConnectionError,
  defaultWindowBytes,
  errorCode,
  flag,
  frame,
  frameType,
  maxInteger,
  numberFrame,
} from './frame.js'
import { FrameReader } from './frame-reader.js'
import { HpackError } from './hpack-decoder.js'
import { Output } from './output.js'
import { goawayPayload } from './payload.js'
import { RequestStreams, type RequestStreamsOptions } from './request-streams.js'
import type { ServerStream, StreamHandler } from './server-stream.js'
import { connectionWindowBytes, encodeSettings } from './settings.js'

/** What is done with the requests of a connection. */
export interface ServerConnectionOptions extends Pick<RequestStreamsOptions, 'maxUnfinishedBytes'> {
  /** Says who serves a new stream. Must not throw. */
  readonly serve: (stream: ServerStream, connection: ServerConnection) => StreamHandler
  /** Is told what only a mistake of ours can throw; the connection ends then. */
  readonly onFault: (fault: unknown) => void
}

/** 'idle' when the last open stream has ended, 'close' when the connection has. */
interface ConnectionEvents {
  idle: []
  close: []
}

/** What a client says first (section 3.4). */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
const settingsAck = frame(frameType.settings, flag.ack, 0, Buffer.alloc(0))
const greeting = Buffer.concat([
  frame(frameType.settings, flag.none, 0, encodeSettings()),
  numberFrame(frameType.windowUpdate, 0, connectionWindowBytes - defaultWindowBytes),
])
/** The octets of our two pings, to know their answers apart. */
const lifePing = Buffer.from('alive???')
const drainPing = Buffer.from('draining')
/** Frames between two requests that are no content: pings, windows, empty ones. */
const maxIdleFrames = 10_000
/** Each may be work for every open stream, and hardly any client changes its mind once. */
const maxSettings = 1_000
/** For a client to answer that it knows that it is to go, and again to read what it was told last. */
const patienceMs = 1_000

/** A connection, from its first octet to the end of its socket. */
export class ServerConnection extends EventEmitter<ConnectionEvents> {
  readonly #options: ServerConnectionOptions
  readonly #socket: Duplex
  readonly #output: Output
  readonly #streams: RequestStreams
  readonly #reader: FrameReader
  #expectedPreface = preface
  #settingsCount = 0
  #idleFrames = 0
  #isOver = false
  #onPong: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined

  /** Takes over a socket, and says our settings at once. */
  constructor(socket: Duplex, options: ServerConnectionOptions) {
    super()
    this.#options = options
    this.#socket = socket
    this.#output = new Output(socket)
    this.#streams = new RequestStreams({
      serve: (stream) => options.serve(stream, this),
      maxUnfinishedBytes: options.maxUnfinishedBytes,
      write: (frames) => {
        if (!this.#isOver) this.#output.write(frames)
      },
      onIdle: () => {
        this.emit('idle')
        if (this.#streams.lastServedId !== undefined) this.#end()
      },
    })
    this.#reader = new FrameReader((type, flags, streamId, payload) => {
      if (!this.#isOver) this.#take(type, flags, streamId, payload)
    })
    socket.on('data', (received: Buffer) => {
      this.#read(received)
    })
    socket.on('error', ignore) // A 'close' follows.
    socket.once('end', () => {
      this.destroy()
    })
    socket.once('close', () => {
      this.destroy()
      clearTimeout(this.#timer)
      this.emit('close')
    })
    this.#output.write(greeting)
  }

  /** How many streams are open. */
  get streamCount(): number {
    return this.#streams.count
  }

  /** Asks the client whether it is there; `answered` is called if it is. */
  ping(answered: () => void): void {
    this.#onPong = answered
    this.#output.write(frame(frameType.ping, flag.none, 0, lifePing))
  }

  /** Tells the client to go, and ends the connection with the last stream that it opens before it knows. */
  drain(): void {
    const isTold = this.#timer !== undefined || this.#streams.lastServedId !== undefined
    if (this.#isOver || isTold) return
    if (this.#settingsCount === 0) {
      this.#end()
      return
    }
    // "…a server … SHOULD send an initial GOAWAY frame with the last stream identifier set to 2^31-1" (section 6.8).
    this.#goAway(maxInteger, errorCode.noError, 'draining')
    this.#output.write(frame(frameType.ping, flag.none, 0, drainPing))
    this.#timer = setTimeout(() => {
      this.#refuseMore()
    }, patienceMs).unref()
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#isOver = true
    this.#streams.closeAll()
    this.#socket.destroy()
  }

  #read(received: Buffer): void {
    if (this.#isOver) return
    this.#output.hold()
    try {
      this.#reader.read(this.#withoutPreface(received))
    } catch (fault) {
      this.#fail(fault)
    }
    this.#output.release()
  }

  #withoutPreface(received: Buffer): Buffer {
    const expected = this.#expectedPreface
    if (expected.length === 0) return received
    const length = Math.min(expected.length, received.length)
    if (!received.subarray(0, length).equals(expected.subarray(0, length))) {
      throw new ConnectionError(errorCode.protocolError, 'not the preface of HTTP/2')
    }
    this.#expectedPreface = expected.subarray(length)
    return received.subarray(length)
  }

  #take(type: number, flags: number, streamId: number, payload: Buffer): void {
    const streams = this.#streams
    if (streams.isWithinBlock && type !== frameType.continuation) {
      throw new ConnectionError(errorCode.protocolError, 'a frame within a block of fields')
    }
    if (this.#settingsCount === 0 && type !== frameType.settings) {
      throw new ConnectionError(errorCode.protocolError, 'SETTINGS come first')
    }
    if (type === frameType.headers) this.#idleFrames = 0
    else if (type !== frameType.data || payload.length === 0) this.#countIdle()
    if (type === frameType.data) streams.data(flags, streamId, payload)
    else if (type === frameType.headers) streams.headers(flags, streamId, payload)
    else if (type === frameType.continuation) streams.continuation(flags, streamId, payload)
    else if (type === frameType.rstStream) streams.rstStream(streamId, payload)
    else if (type === frameType.windowUpdate) streams.windowUpdate(streamId, payload)
    else if (type === frameType.priority) this.#priority(streamId, payload)
    else this.#takeOwn(type, flags, streamId, payload)
  }

  /** A flood of frames that ask for nothing is cheaper to send than to read (CVE-2019-9512 and others like it). */
  #countIdle(): void {
    this.#idleFrames += 1
    if (this.#idleFrames <= maxIdleFrames) return
    throw new ConnectionError(errorCode.enhanceYourCalm, 'frames without end, and no request')
  }

  /** The frames that are about the connection; other types are ignored (section 4.1). */
  #takeOwn(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (type > frameType.windowUpdate) return
    if (streamId !== 0 || type === frameType.pushPromise) {
      throw new ConnectionError(errorCode.protocolError, 'a frame that has no place there')
    }
    if (type === frameType.settings) this.#settings(flags, payload)
    else if (type === frameType.ping) this.#ping(flags, payload)
    else this.#goaway(payload)
  }

  #settings(flags: number, payload: Buffer): void {
    if ((flags & flag.ack) === 0) {
      this.#settingsCount += 1
      if (this.#settingsCount > maxSettings) {
        throw new ConnectionError(errorCode.enhanceYourCalm, 'SETTINGS without end')
      }
      this.#streams.settings(payload)
      this.#output.write(settingsAck)
    } else if (payload.length > 0) {
      throw new ConnectionError(errorCode.frameSizeError, 'an acknowledgement with settings')
    }
  }

  #ping(flags: number, payload: Buffer): void {
    if (payload.length !== 8) {
      throw new ConnectionError(errorCode.frameSizeError, 'PING has eight octets')
    }
    if ((flags & flag.ack) === 0) {
      this.#output.write(frame(frameType.ping, flag.ack, 0, payload))
    } else if (payload.equals(drainPing)) {
      this.#refuseMore()
    } else {
      const onPong = this.#onPong
      this.#onPong = undefined
      onPong?.()
    }
  }

  /** The client opens no more streams; what it has opened is served. */
  #goaway(payload: Buffer): void {
    if (payload.length < 8) throw new ConnectionError(errorCode.frameSizeError, 'a short GOAWAY')
    this.#refuseMore()
  }

  #priority(streamId: number, payload: Buffer): void {
    if (streamId === 0) throw new ConnectionError(errorCode.protocolError, 'PRIORITY of nothing')
    if (payload.length === 5) return
    this.#output.write(numberFrame(frameType.rstStream, streamId, errorCode.frameSizeError))
  }

  /** Says which stream is the last that is served, and ends when there is none any more. */
  #refuseMore(): void {
    const streams = this.#streams
    if (this.#isOver || streams.lastServedId !== undefined) return
    streams.lastServedId = streams.lastStreamId
    this.#goAway(streams.lastServedId, errorCode.noError, '')
    if (streams.count === 0) this.#end()
  }

  #fail(fault: unknown): void {
    let code: number = errorCode.internalError
    if (fault instanceof ConnectionError) ({ code } = fault)
    else if (fault instanceof HpackError) code = errorCode.compressionError
    else this.#options.onFault(fault)
    const text = fault instanceof Error && code !== errorCode.internalError ? fault.message : ''
    this.#goAway(this.#streams.lastStreamId, code, text)
    this.#end()
    this.#socket.pause() // Nothing of it is of use, and there may be no end of it.
  }

  #goAway(lastStreamId: number, code: number, text: string): void {
    const payload = goawayPayload(lastStreamId, code, text)
    this.#output.write(frame(frameType.goaway, flag.none, 0, payload))
  }

  /** Ends our side. What the client still sends is read, or the end of the socket would take away what it has not read yet. */
  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#streams.closeAll()
    this.#output.flush()
    this.#socket.end()
    this.#socket.resume()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#socket.destroy()
    }, patienceMs).unref()
  }
}

function ignore(): void {
  // Said where it is used.
}
