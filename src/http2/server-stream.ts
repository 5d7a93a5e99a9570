/**
 * One request and its answer, seen from the server (RFC 9113 section 5.1).
 *
 * The rules are:
 *   - a stream ends once: by its answer, a reset from either side, or with its connection; nothing is sent after that;
 *   - no more is sent than the client has room for (section 5.2); what waits for room is the answer of one call;
 *   - an answer that ends before the request does is followed by a reset without an error (section 8.1): nobody will
 *     read the rest.
 */
import {
  errorCode,
  flag,
  frame,
  frameHeadBytes,
  frameType,
  headerFrames,
  maxInteger,
  numberFrame,
  writeFrameHead,
} from './frame.js'
import type { RequestHead } from './request-head.js'
import type { PeerSettings } from './settings.js'

/** Who serves a stream. None of it may throw; after `closed` nothing is called. */
export interface StreamHandler {
  /**
   * Takes a part of the request's content, and whether it is the last one: `ended` follows at once then. Whoever keeps it for
   * longer copies it, or keeps all that was read with it. Gives the client room for more by `credit`.
   */
  data(bytes: Buffer, isLast: boolean): void
  /** The client has sent everything. */
  ended(): void
  /** The stream is over, whoever ended it. */
  closed(): void
}

/** What the streams of a connection share. */
export interface StreamHost {
  readonly peer: PeerSettings
  /** Streams that have room of their own, and none on the connection, in the order of their turns. */
  readonly waiting: Set<ServerStream>
  /** How much the client has room for on the connection. */
  sendWindowBytes: number
  write(frames: Buffer): void
  /** So much content is not kept any more. */
  release(bytes: number): void
  forget(stream: ServerStream): void
}

/** An open stream. */
export class ServerStream {
  readonly id: number
  readonly head: RequestHead
  /** Who is told of what happens; another one takes over by being put here. */
  handler: StreamHandler | undefined
  hasClientEnded = false
  isOver = false
  readonly #host: StreamHost
  readonly #windowBytes: number
  #receiveWindowBytes: number
  /** How much of what has come may be kept by whoever serves it. */
  #heldBytes = 0
  #contentBytes = 0
  #creditBytes = 0
  #sendWindowBytes: number
  #queue: Buffer[] | undefined
  #trailers: Buffer | undefined
  #onSent: (() => void) | undefined

  constructor(host: StreamHost, id: number, head: RequestHead, windowBytes: number) {
    this.#host = host
    this.id = id
    this.head = head
    this.#windowBytes = windowBytes
    this.#receiveWindowBytes = windowBytes
    this.#sendWindowBytes = host.peer.initialWindowBytes
  }

  /** Takes `bytes` out of the window of the client; false when it has sent more than that. */
  receive(bytes: number): boolean {
    this.#heldBytes += bytes
    this.#receiveWindowBytes -= bytes
    return this.#receiveWindowBytes >= 0
  }

  /** Takes a part of the content to the handler. What is not as long as it said is malformed (section 8.1.1). */
  take(content: Buffer, isLast: boolean): void {
    this.#contentBytes += content.length
    if (this.#contentBytes > (this.head.contentLength ?? this.#contentBytes)) {
      this.reset(errorCode.protocolError)
    } else if (content.length > 0) this.handler?.data(content, isLast)
  }

  /** The client has sent everything: what is kept from now on is not content any more, but a call. */
  end(): void {
    this.hasClientEnded = true
    if (this.isOver) return
    this.release(this.#heldBytes)
    if (this.#contentBytes !== (this.head.contentLength ?? this.#contentBytes)) {
      this.reset(errorCode.protocolError)
    } else this.handler?.ended()
  }

  /** Says that so much content is not kept any more. */
  release(bytes: number): void {
    const released = Math.min(bytes, this.#heldBytes)
    this.#heldBytes -= released
    this.#host.release(released)
  }

  /** Gives the client room for as much as was used, once it is worth a frame. */
  credit(bytes: number): void {
    this.#creditBytes += bytes
    if (this.hasClientEnded || this.isOver || this.#creditBytes * 2 < this.#windowBytes) return
    this.#host.write(numberFrame(frameType.windowUpdate, this.id, this.#creditBytes))
    this.#receiveWindowBytes += this.#creditBytes
    this.#creditBytes = 0
  }

  /** Sends a whole answer: two blocks of fields, as HPACK, and what is between them. */
  answer(headers: Buffer, content: Buffer, trailers: Buffer): void {
    const host = this.#host
    const { maxFrameBytes, mustShrinkTable } = host.peer
    const room = Math.min(host.sendWindowBytes, this.#sendWindowBytes, maxFrameBytes)
    if (this.isOver || content.length > room || mustShrinkTable) {
      this.sendHeaders(headers, false)
      this.sendData(content)
      this.sendTrailers(trailers)
      return
    }
    host.sendWindowBytes -= content.length
    const frames = Buffer.allocUnsafe(
      3 * frameHeadBytes + headers.length + content.length + trailers.length,
    )
    const { endHeaders, endStream } = flag
    const { id } = this
    let at = writeFrameHead(frames, 0, headers.length, frameType.headers, endHeaders, id)
    at += headers.copy(frames, at)
    at = writeFrameHead(frames, at, content.length, frameType.data, flag.none, id)
    at += content.copy(frames, at)
    const last = endHeaders | endStream
    at = writeFrameHead(frames, at, trailers.length, frameType.headers, last, id)
    trailers.copy(frames, at)
    host.write(frames)
    this.#complete()
  }

  /** Sends a block of fields; with `isEnd` it is the whole answer. */
  sendHeaders(block: Buffer, isEnd: boolean): void {
    if (this.isOver) return
    const { peer } = this.#host
    const whole = peer.mustShrinkTable ? Buffer.concat([noTable, block]) : block
    peer.mustShrinkTable = false
    this.#host.write(headerFrames(whole, this.id, isEnd, peer.maxFrameBytes))
    if (isEnd) this.#complete()
  }

  /** Sends content, as soon as there is room; `onSent` is called when there was room for all of it. */
  sendData(content: Buffer, onSent?: () => void): void {
    if (this.isOver) return
    this.#queue ??= []
    if (content.length > 0) this.#queue.push(content)
    this.#onSent = onSent
    this.flush()
  }

  /** Ends the answer with a block of fields, after the content. */
  sendTrailers(block: Buffer): void {
    if (this.isOver) return
    this.#trailers = block
    this.flush()
  }

  /** Ends the stream, whatever has been sent. */
  reset(code: number): void {
    if (this.isOver) return
    this.#host.write(numberFrame(frameType.rstStream, this.id, code))
    this.close()
  }

  /** Ends the stream without a word: it was the client who did, or the connection. */
  close(): void {
    if (this.isOver) return
    this.isOver = true
    this.#queue = undefined
    this.release(this.#heldBytes)
    this.#host.forget(this)
    this.handler?.closed()
  }

  /** Changes how much the client has room for; false when that is more than there can be (section 6.9.1). */
  widen(bytes: number): boolean {
    this.#sendWindowBytes += bytes
    if (this.#sendWindowBytes > maxInteger) return false
    if (bytes > 0) this.flush()
    return true
  }

  /** Sends what waits, as far as there is room. */
  flush(): void {
    const host = this.#host
    const queue = this.#queue ?? []
    for (let content = queue[0]; content !== undefined; content = queue[0]) {
      const room = Math.min(host.sendWindowBytes, this.#sendWindowBytes, host.peer.maxFrameBytes)
      if (room <= 0) {
        // At the end of the queue, also if it was there already.
        host.waiting.delete(this)
        if (this.#sendWindowBytes > 0) host.waiting.add(this)
        return
      }
      const part = content.subarray(0, room)
      host.write(frame(frameType.data, flag.none, this.id, part))
      host.sendWindowBytes -= part.length
      this.#sendWindowBytes -= part.length
      if (part.length < content.length) queue[0] = content.subarray(room)
      else queue.shift()
    }
    host.waiting.delete(this)
    const trailers = this.#trailers
    if (trailers !== undefined) this.sendHeaders(trailers, true)
    const onSent = this.#onSent
    this.#onSent = undefined
    onSent?.()
  }

  #complete(): void {
    if (this.hasClientEnded) this.close()
    else this.reset(errorCode.noError)
  }
}

/** A dynamic table size update to nothing (RFC 7541 section 6.3). */
const noTable = Buffer.from([0x20])
