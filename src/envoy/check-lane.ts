/**
 * The lane: Check calls in their usual form, served on node:http2 itself, for half of what grpc-js costs (ADR 0028).
 *
 * The rules are:
 *   - usual is a POST of one whole message that is not compressed and not too long, with a time-out that can be read;
 *   - everything else goes to grpc-js by the relay, with what was read of it, so that what is wrong with a call is said
 *     by grpc-js alone: there is no second opinion on what gRPC is;
 *   - an answer has the very fields that grpc-js sends;
 *   - a call ends once: by its answer, its deadline, its client, or by being handed over.
 */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { DeadlineWatch, type DueCall } from './deadline-watch.js'
import { checkPath, type CheckCall, type ExtAuthzService } from './ext-authz-service.js'
import type { Relay } from './relay.js'
import { serializeCheckAnswer, type CheckAnswer } from './to-check-response.js'

/** What the lane needs. */
export interface CheckLaneOptions {
  readonly service: Pick<ExtAuthzService, 'handleCheck' | 'onFault' | 'wallMs'>
  readonly relay: Relay
  readonly maxMessageBytes: number
}

/** Takes a new stream, whatever it turns out to be. Never throws. */
export type CheckLane = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void

/** A gRPC message has a flag and a length of four octets before it. */
const prefixBytes = 5
const noBytes = Buffer.alloc(0)
const unitMs = new Map([
  ['H', 3_600_000],
  ['M', 60_000],
  ['S', 1_000],
  ['m', 1],
  ['u', 1e-3],
  ['n', 1e-6],
])
const answerHeaders = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': 'identity,deflate,gzip',
  'grpc-encoding': 'identity',
}
const answerTrailers = { 'grpc-status': 0, 'grpc-message': 'OK' }
const withTrailers = { waitForTrailers: true }
const deadlineExceeded = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-status': 4,
  'grpc-message': 'Deadline%20exceeded',
}

/** Creates the lane. */
export function createCheckLane(options: CheckLaneOptions): CheckLane {
  const deadlines = new DeadlineWatch(options.service.wallMs)
  return (stream, headers) => {
    const timeoutMs = isUsual(headers) ? parseTimeout(headers['grpc-timeout']) : undefined
    if (timeoutMs === undefined) {
      options.relay.take(stream, headers)
      return
    }
    const call = new LaneCall(options, stream, headers, timeoutMs)
    call.begin()
    if (timeoutMs < Number.POSITIVE_INFINITY) deadlines.add(call)
  }
}

function isUsual(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type']
  return (
    headers[':path'] === checkPath &&
    headers[':method'] === 'POST' &&
    (type === 'application/grpc' || type === 'application/grpc+proto')
  )
}

/** Milliseconds; infinite when there is none, undefined when it is not one that can be read. */
function parseTimeout(value: string | string[] | undefined): number | undefined {
  if (value === undefined) return Number.POSITIVE_INFINITY
  if (typeof value !== 'string' || !/^\d{1,8}[HMSmun]$/.test(value)) return undefined
  return Math.trunc(Number(value.slice(0, -1)) * (unitMs.get(value.slice(-1)) ?? 0))
}

/** One call of the lane, from its headers to its end. */
class LaneCall implements CheckCall, DueCall {
  request: Buffer = noBytes
  readonly #options: CheckLaneOptions
  readonly #stream: ServerHttp2Stream
  readonly #headers: IncomingHttpHeaders
  readonly #deadlineMs: number
  readonly #onData: (bytes: Buffer) => void
  readonly #onEnd: () => void
  #received: Buffer[] = []
  #receivedBytes = 0
  /** How many bytes message and prefix will have, 0 as long as the prefix is not there. */
  #wholeBytes = 0
  #isOver = false

  constructor(
    options: CheckLaneOptions,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    timeoutMs: number,
  ) {
    this.#options = options
    this.#stream = stream
    this.#headers = headers
    this.#deadlineMs = options.service.wallMs() + timeoutMs
    this.#onData = (bytes) => {
      if (!this.#isOver) this.#take(bytes)
    }
    this.#onEnd = () => {
      if (!this.#isOver) this.#decide()
    }
  }

  /** Listens to the stream. */
  begin(): void {
    const stream = this.#stream
    stream.on('error', ignore) // A 'close' follows, which says all.
    stream.on('close', () => {
      this.#finish()
    })
    stream.on('data', this.#onData)
    stream.on('end', this.#onEnd)
  }

  getDeadline(): number {
    return this.#deadlineMs
  }

  /** Ends the call after its deadline, whatever it still waits for: the rest of its message, or the decision. */
  endIfDue(nowMs: number): boolean {
    if (this.#isOver || nowMs < this.#deadlineMs) return this.#isOver
    if (this.#finish()) this.#stream.respond(deadlineExceeded, { endStream: true })
    return true
  }

  #take(bytes: Buffer): void {
    this.#received.push(bytes)
    this.#receivedBytes += bytes.length
    if (this.#wholeBytes === 0 && this.#receivedBytes >= prefixBytes) this.#readPrefix()
    // Handed over at once: more than is allowed is never kept. A second message too is for grpc-js to refuse.
    if (this.#receivedBytes > this.#wholeBytes && this.#wholeBytes > 0) this.#handOver(false)
  }

  /** Leaves a message that grpc-js has to judge, compressed or too long, without room. */
  #readPrefix(): void {
    const prefix = this.#join()
    const length = prefix.readUInt32BE(1)
    const isUsual = prefix[0] === 0 && length <= this.#options.maxMessageBytes
    this.#wholeBytes = isUsual ? prefixBytes + length : 1
  }

  #decide(): void {
    if (this.#wholeBytes === 0 || this.#receivedBytes !== this.#wholeBytes) {
      this.#handOver(true)
      return
    }
    this.request = this.#join().subarray(prefixBytes)
    this.#options.service.handleCheck(this, (_error, answer) => {
      this.#answer(answer)
    })
  }

  #join(): Buffer {
    const [first = noBytes] = this.#received
    return this.#received.length < 2 ? first : Buffer.concat(this.#received)
  }

  #answer(answer: CheckAnswer): void {
    if (!this.#finish()) return
    try {
      const message = serializeCheckAnswer(answer)
      const framed = Buffer.allocUnsafe(prefixBytes + message.length)
      framed[0] = 0
      framed.writeUInt32BE(message.length, 1)
      message.copy(framed, prefixBytes)
      this.#stream.on('wantTrailers', sendTrailers)
      this.#stream.respond(answerHeaders, withTrailers)
      this.#stream.end(framed)
    } catch (fault) {
      // Fail closed: a reset is no answer. Whoever lets fail open has said so to the proxy.
      this.#options.service.onFault(fault)
      this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    }
  }

  #handOver(isEnded: boolean): void {
    if (!this.#finish()) return
    this.#stream.off('data', this.#onData).off('end', this.#onEnd)
    this.#options.relay.take(this.#stream, this.#headers, this.#join(), isEnded)
  }

  /** Ends the call; false when it is over already, or its client is gone. */
  #finish(): boolean {
    const wasOver = this.#isOver
    this.#isOver = true
    return !wasOver && !this.#stream.destroyed && !this.#stream.closed
  }
}

function sendTrailers(this: ServerHttp2Stream): void {
  this.sendTrailers(answerTrailers)
}

function ignore(): void {
  // Said where it is used.
}
