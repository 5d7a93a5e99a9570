/**
 * The server's side of an HTTP/1.1 connection on which requests without a body come one after the other, as those of a
 * proxy do (RFC 9112). The first thing that is anything else gives the connection to Node, from that request on and for good.
 *
 * The rules are:
 *   - one request at a time: the next is read when the one before is answered (section 9.3.2);
 *   - a request has a time in which it has to be here, and a connection one in which it has to say something;
 *   - what waits here is bounded: by the size of a head and of what Node reads at once, and for a peer that does not read, by
 *     what a socket takes.
 */
import type { Socket } from 'node:net'
import { readRequestHead, type RequestHead } from './request-head.js'

/** What is done with the requests of a connection. */
export interface ServerConnectionOptions {
  /** A longer head is Node's matter. */
  readonly maxHeadBytes: number
  /** For a head to arrive, and for a new connection to say something. */
  readonly requestTimeoutMs: number
  /** For a connection that was answered and says nothing. */
  readonly keepAliveMs: number
  /** Has to lead to one `respond`, now or later. Must not throw. */
  readonly serve: (request: RequestHead, connection: ServerConnection) => void
  /** Takes over a socket whose next octets, which are still in it, are no request that is served here. */
  readonly handOver: (socket: Socket) => void
  /** Takes over a socket whose peer did not say its request in time ('late'), or ended its side before it was said ('cut'). */
  readonly refuse: (socket: Socket, fault: 'late' | 'cut') => void
}

/** A head in more pieces is Node's matter, which does not begin anew with each of them. */
const maxPieces = 16
const nothing = Buffer.alloc(0)
/** Some send one behind a request, and it is none (section 2.2). */
const emptyLine = Buffer.from('\r\n')

/** A connection, until its socket ends or is somebody else's. */
export class ServerConnection {
  readonly #socket: Socket
  readonly #options: ServerConnectionOptions
  #state: 'waiting' | 'answering' | 'flushing' | 'left' = 'waiting'
  /** What was received and not yet read. */
  #held: Buffer = nothing
  /** In how many parts what is held has arrived. */
  #pieces = 0
  #late: NodeJS.Timeout | undefined
  #isReading = false
  #isCutOff = false
  #wasAnswered = false
  /** The request that is being answered is one whose answer has no body. */
  #isHead = false
  /** The next answer is the last, or the last one was. */
  #closes = false

  /** Takes over a socket of which nothing was read, and which stays open for writing when the peer ends its side. */
  constructor(socket: Socket, options: ServerConnectionOptions) {
    this.#socket = socket
    this.#options = options
    socket.setTimeout(options.requestTimeoutMs)
    socket.on('error', () => undefined) // 'close' comes behind it, and nobody else is concerned.
    socket.on('data', this.#onData)
    socket.on('drain', this.#onDrain)
    socket.on('end', this.#onEnd)
    socket.on('timeout', this.#onTimeout)
    socket.on('close', this.#onClose)
  }

  /**
   * Answers the request that was served: a status line and fields, each with its line end, and a body, in Latin-1, one
   * character an octet. The body is not sent to HEAD. Does nothing when the peer is gone.
   */
  respond(head: string, body: string): void {
    if (this.#state !== 'answering') return
    const connection = this.#closes ? 'connection: close\r\n\r\n' : 'connection: keep-alive\r\n\r\n'
    const isTaken = this.#socket.write(head + connection + (this.#isHead ? '' : body), 'latin1')
    if (this.#closes) {
      this.#end()
      return
    }
    if (!this.#wasAnswered) this.#socket.setTimeout(this.#options.keepAliveMs)
    this.#wasAnswered = true
    this.#state = isTaken ? 'waiting' : 'flushing'
    // Not at once: whoever answers has to come to an end first. The loop below goes on by itself, and the stack does not grow.
    if (!this.#isReading && this.#hasMore) queueMicrotask(this.#read)
  }

  /**
   * Ends the connection: with the answer to the request that is served, or at once when it has had one and no part of
   * another is here. Who has just come is about to ask, and loses nothing.
   */
  close(): void {
    if (this.#state === 'answering' || this.#state === 'flushing') this.#closes = true
    else if (this.#isIdle && this.#wasAnswered) this.#end()
  }

  get #isIdle(): boolean {
    return this.#state === 'waiting' && this.#held.length === 0
  }

  /** Whether there is anything to do but to wait for octets. */
  get #hasMore(): boolean {
    return this.#held.length > 0 || this.#isCutOff
  }

  readonly #onData = (octets: Buffer): void => {
    this.#held = this.#held.length === 0 ? octets : Buffer.concat([this.#held, octets])
    this.#pieces += 1
    if (this.#state === 'waiting') this.#read()
    else if (this.#held.length > this.#options.maxHeadBytes) this.#socket.pause()
  }

  /** Serves what is held, as far as it can be. */
  readonly #read = (): void => {
    this.#isReading = true
    try {
      while (this.#state === 'waiting' && this.#held.length > 0) {
        if (this.#wasAnswered && beginsWithEmptyLine(this.#held)) {
          this.#held = this.#held.subarray(emptyLine.length)
          continue
        }
        const request = readRequestHead(this.#held)
        if (request === 'incomplete' && !this.#isTooMuch) break
        if (typeof request === 'string' || request.end > this.#options.maxHeadBytes) {
          this.#handOver()
        } else this.#serve(request)
      }
    } finally {
      this.#isReading = false
    }
    if (this.#state === 'waiting') this.#awaitMore()
  }

  get #isTooMuch(): boolean {
    return this.#held.length > this.#options.maxHeadBytes || this.#pieces > maxPieces
  }

  #serve(request: RequestHead): void {
    clearTimeout(this.#late)
    this.#late = undefined
    this.#held = request.end === this.#held.length ? nothing : this.#held.subarray(request.end)
    this.#pieces = this.#held.length === 0 ? 0 : 1
    this.#state = 'answering'
    this.#isHead = request.method === 'HEAD'
    this.#closes = request.closes
    this.#options.serve(request, this)
  }

  #awaitMore(): void {
    const isBegun = this.#held.length > 0
    if (this.#isCutOff && isBegun) this.#refuse('cut')
    else if (this.#isCutOff) this.#end()
    else if (isBegun) {
      this.#late ??= setTimeout(() => {
        this.#refuse('late')
      }, this.#options.requestTimeoutMs)
    }
    if (this.#socket.isPaused()) this.#socket.resume()
  }

  readonly #onDrain = (): void => {
    if (this.#state !== 'flushing') return
    this.#state = 'waiting'
    if (this.#closes) this.#end()
    else this.#read()
  }

  readonly #onEnd = (): void => {
    this.#isCutOff = true
    if (this.#state === 'waiting') this.#awaitMore()
  }

  readonly #onTimeout = (): void => {
    if (this.#state === 'answering') return // It is we who say nothing.
    if (this.#state === 'flushing' || (this.#isIdle && this.#wasAnswered)) this.#socket.destroy()
    else this.#refuse('late')
  }

  readonly #onClose = (): void => {
    this.#leave()
  }

  #handOver(): void {
    if (this.#isCutOff) {
      this.#refuse('cut') // Nothing can be put back into a stream that has ended.
      return
    }
    const held = this.#held
    this.#leave()
    // Paused, so that what is put back comes before what is still on its way.
    this.#socket.pause()
    this.#socket.unshift(held)
    this.#options.handOver(this.#socket)
    this.#socket.resume()
  }

  #refuse(fault: 'late' | 'cut'): void {
    this.#leave()
    this.#options.refuse(this.#socket, fault)
  }

  #end(): void {
    const socket = this.#socket
    this.#leave()
    socket.setTimeout(this.#options.requestTimeoutMs, () => socket.destroy()) // Who does not read its last answer.
    socket.destroySoon()
  }

  #leave(): void {
    this.#state = 'left'
    this.#held = nothing
    clearTimeout(this.#late)
    this.#socket.setTimeout(0)
    this.#socket.off('data', this.#onData)
    this.#socket.off('drain', this.#onDrain)
    this.#socket.off('end', this.#onEnd)
    this.#socket.off('timeout', this.#onTimeout)
    this.#socket.off('close', this.#onClose)
  }
}

function beginsWithEmptyLine(octets: Buffer): boolean {
  return octets[0] === emptyLine[0] && octets[1] === emptyLine[1]
}
