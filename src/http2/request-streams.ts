/**
 * The streams of a connection: the frames that are about one of them, or about the room for all (RFC 9113 sections 5.1, 5.2
 * and 8.1).
 *
 * The rules are:
 *   - what breaks the connection for all throws; what is wrong with one stream resets that one; what may have crossed with
 *     an end on its way is ignored (section 5.4);
 *   - what a client can make us keep is bounded: streams, and content of requests that are not complete;
 *   - a reset costs less than a call, so that as many as a client likes take nothing from others (CVE-2023-44487).
 */
import {
  ConnectionError,
  defaultWindowBytes,
  errorCode,
  flag,
  frameType,
  maxInteger,
  numberFrame,
} from './frame.js'
import { HeaderBlock } from './header-block.js'
import { HpackDecoder, type Field } from './hpack-decoder.js'
import { fieldsOf, readNumber, withoutPadding } from './payload.js'
import { areTrailers, toRequestHead, type RequestHead } from './request-head.js'
import { ServerStream, type StreamHandler, type StreamHost } from './server-stream.js'
import { connectionWindowBytes, defaultTableBytes, ownSettings, PeerSettings } from './settings.js'
import { StreamTable } from './stream-table.js'

/** What is done with requests. */
export interface RequestStreamsOptions {
  /** Says who serves a new stream. Must not throw. */
  readonly serve: (stream: ServerStream) => StreamHandler
  /** Sends frames. */
  readonly write: (frames: Buffer) => void
  /** The last open stream has ended. */
  readonly onIdle: () => void
  /** How much content of requests that are not complete may be kept. */
  readonly maxUnfinishedBytes: number
}

/** More than can be on their way at a time, unless a client means to try it. */
const maxCut = 1_024
/** As many as Node takes by itself. One octet may bring a field back, and each of them is work. */
const maxFields = 128
const noMore = 'a frame on a stream that was never opened'

/** The streams of one connection. Its methods throw what ends the connection: ConnectionError and HpackError. */
export class RequestStreams implements StreamHost {
  readonly peer: PeerSettings = new PeerSettings()
  readonly waiting: Set<ServerStream> = new Set()
  sendWindowBytes: number = defaultWindowBytes
  /** The greatest number that was seen. */
  lastStreamId = 0
  /** Streams with a greater number are ignored, once the client was told that they are not served (section 6.8). */
  lastServedId: number | undefined
  readonly write: (frames: Buffer) => void
  readonly #options: RequestStreamsOptions
  readonly #open = new StreamTable()
  readonly #decoder = new HpackDecoder({
    maxTableBytes: defaultTableBytes,
    maxListBytes: ownSettings.maxHeaderListBytes,
  })
  #block: HeaderBlock | undefined
  /** The last streams that ended before their requests did. */
  readonly #cut: number[] = []
  #cutCount = 0
  #usedWindowBytes = 0
  #unfinishedBytes = 0
  #lastFields: readonly Field[] | undefined
  #lastHead: RequestHead | undefined

  constructor(options: RequestStreamsOptions) {
    this.#options = options
    this.write = options.write
  }

  /** How many are open. */
  get count(): number {
    return this.#open.size
  }

  /** Whether a block of fields is not complete: nothing but its CONTINUATION may come (section 6.10). */
  get isWithinBlock(): boolean {
    return this.#block !== undefined
  }

  forget(stream: ServerStream): void {
    this.#open.delete(stream)
    this.waiting.delete(stream)
    if (!stream.hasClientEnded) this.#rememberCut(stream.id)
    if (this.#open.size === 0) this.#options.onIdle()
  }

  release(bytes: number): void {
    this.#unfinishedBytes -= bytes
  }

  /** Ends all of them without a word. */
  closeAll(): void {
    for (const stream of this.#open.all()) stream.close()
  }

  /** DATA. */
  data(flags: number, streamId: number, payload: Buffer): void {
    const stream = this.#find(streamId)
    this.#renewWindow(payload.length)
    const content = withoutPadding(flags, payload)
    if (stream === undefined) return
    if (stream.hasClientEnded) {
      stream.reset(errorCode.streamClosed)
      return
    }
    this.#unfinishedBytes += payload.length
    if (!stream.receive(payload.length)) {
      stream.reset(errorCode.flowControlError)
    } else if (this.#unfinishedBytes > this.#options.maxUnfinishedBytes) {
      stream.reset(errorCode.enhanceYourCalm)
    } else {
      const isEnd = (flags & flag.endStream) !== 0
      stream.hasClientEnded = isEnd
      stream.credit(payload.length - content.length)
      stream.take(content, isEnd)
      if (isEnd) stream.end()
    }
  }

  /** HEADERS. */
  headers(flags: number, streamId: number, payload: Buffer): void {
    if (streamId % 2 === 0) throw new ConnectionError(errorCode.protocolError, noMore)
    const fields = fieldsOf(flags, payload)
    const isEnd = (flags & flag.endStream) !== 0
    if ((flags & flag.endHeaders) !== 0) {
      this.#takeBlock(streamId, isEnd, fields)
      return
    }
    this.#block = new HeaderBlock(streamId, isEnd)
    this.#block.add(fields)
  }

  /** CONTINUATION. */
  continuation(flags: number, streamId: number, payload: Buffer): void {
    const block = this.#block
    if (block?.streamId !== streamId) {
      throw new ConnectionError(errorCode.protocolError, 'CONTINUATION of nothing')
    }
    block.add(payload)
    if ((flags & flag.endHeaders) === 0) return
    this.#block = undefined
    this.#takeBlock(streamId, block.isEndOfStream, block.whole())
  }

  /** RST_STREAM. */
  rstStream(streamId: number, payload: Buffer): void {
    const stream = this.#find(streamId)
    readNumber(payload)
    stream?.close()
  }

  /** WINDOW_UPDATE, of a stream or of the connection. */
  windowUpdate(streamId: number, payload: Buffer): void {
    const bytes = readNumber(payload) & maxInteger
    if (streamId === 0) {
      this.#widen(bytes)
      return
    }
    const stream = this.#find(streamId)
    if (bytes === 0) stream?.reset(errorCode.protocolError)
    else if (stream?.widen(bytes) === false) stream.reset(errorCode.flowControlError)
  }

  /** SETTINGS, which may change the windows of all that is open (section 6.9.2). */
  settings(payload: Buffer): void {
    const before = this.peer.initialWindowBytes
    this.peer.apply(payload)
    const change = this.peer.initialWindowBytes - before
    if (change !== 0 && !this.#open.all().every((stream) => stream.widen(change))) {
      throw new ConnectionError(errorCode.flowControlError, 'INITIAL_WINDOW_SIZE is too large')
    }
  }

  /** The open stream; undefined when it is over. Throws when there never was one. */
  #find(streamId: number): ServerStream | undefined {
    const stream = this.#open.get(streamId)
    if (stream !== undefined) return stream
    if (streamId % 2 === 0 || streamId > this.lastStreamId) {
      // A client that was told to go may not know it yet.
      if (this.#isUnserved(streamId)) return undefined
      throw new ConnectionError(errorCode.protocolError, noMore)
    }
    return undefined
  }

  #isUnserved(streamId: number): boolean {
    return this.lastServedId !== undefined && streamId > this.lastServedId
  }

  /** Gives the connection's room back at once: what is kept is bounded otherwise, and one stream must not block another. */
  #renewWindow(bytes: number): void {
    this.#usedWindowBytes += bytes
    if (this.#usedWindowBytes * 2 < connectionWindowBytes) return
    this.write(numberFrame(frameType.windowUpdate, 0, this.#usedWindowBytes))
    this.#usedWindowBytes = 0
  }

  /** Every block is decoded, whatever becomes of it: the next one may refer to what is in it. */
  #takeBlock(streamId: number, isEnd: boolean, block: Buffer): void {
    const fields = this.#decoder.decode(block)
    const stream = this.#open.get(streamId)
    if (stream !== undefined) {
      takeTrailers(stream, isEnd && fields !== undefined && areTrailers(fields))
      return
    }
    // Sent before the client knew that we take no more streams, or that this one was over.
    if (this.#isUnserved(streamId) || this.#cut.includes(streamId)) return
    if (streamId <= this.lastStreamId) throw new ConnectionError(errorCode.protocolError, noMore)
    this.lastStreamId = streamId
    this.#begin(streamId, isEnd, fields)
  }

  #begin(streamId: number, isEnd: boolean, fields: readonly Field[] | undefined): void {
    const head = fields && this.#headOf(fields)
    if (this.#open.size >= ownSettings.maxStreams) this.#refuse(streamId, errorCode.refusedStream)
    else if (fields === undefined || fields.length > maxFields) {
      this.#refuse(streamId, errorCode.enhanceYourCalm)
    } else if (head === undefined) this.#refuse(streamId, errorCode.protocolError)
    else {
      const stream = new ServerStream(this, streamId, head, ownSettings.streamWindowBytes)
      stream.hasClientEnded = isEnd
      this.#open.add(stream)
      stream.handler = this.#options.serve(stream)
      if (isEnd) stream.end()
    }
  }

  /** Most requests of a connection have the same fields, and then these are the same array. */
  #headOf(fields: readonly Field[]): RequestHead | undefined {
    if (fields !== this.#lastFields) {
      this.#lastFields = fields
      this.#lastHead = toRequestHead(fields)
    }
    return this.#lastHead
  }

  #rememberCut(streamId: number): void {
    this.#cut[this.#cutCount % maxCut] = streamId
    this.#cutCount += 1
  }

  #refuse(streamId: number, code: number): void {
    this.#rememberCut(streamId)
    this.write(numberFrame(frameType.rstStream, streamId, code))
  }

  #widen(bytes: number): void {
    if (bytes === 0) throw new ConnectionError(errorCode.protocolError, 'WINDOW_UPDATE of nothing')
    this.sendWindowBytes += bytes
    if (this.sendWindowBytes > maxInteger) {
      throw new ConnectionError(errorCode.flowControlError, 'more room than there can be')
    }
    for (const stream of this.waiting) {
      if (this.sendWindowBytes <= 0) return
      stream.flush()
    }
  }
}

function takeTrailers(stream: ServerStream, areGood: boolean): void {
  if (stream.hasClientEnded) stream.reset(errorCode.streamClosed)
  else if (!areGood) stream.reset(errorCode.protocolError)
  else stream.end()
}
