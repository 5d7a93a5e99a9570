/**
 * The lane: Check calls in their usual form, served on HTTP/2 of our own, for a fraction of what grpc-js costs (ADR 0028, ADR 0033).
 *
 * The rules are:
 *   - usual is a POST of one whole message that is not compressed and not too long, with a time-out that can be read;
 *   - everything else goes to grpc-js by the relay, with what was read of it, so that what is wrong with a call is said
 *     by grpc-js alone: there is no second opinion on what gRPC is;
 *   - an answer has the very fields that grpc-js sends;
 *   - a call ends once: by its answer, its deadline, its client, or by being handed over.
 */
import {
  encodeFields,
  errorCode,
  type RequestHead,
  type ServerConnection,
  type ServerStream,
  type StreamHandler,
} from '../http2/index.js'
import { DeadlineWatch, type DueCall } from './deadline-watch.js'
import { checkPath, type CheckCall, type ExtAuthzService } from './ext-authz-service.js'
import { MessageBuffer, prefixBytes } from './message-buffer.js'
import type { Relay } from './relay.js'
import { serializeCheckAnswer, type CheckAnswer } from './to-check-response.js'
import { trailersOnly } from './trailers-only.js'

/** What the lane needs. */
export interface CheckLaneOptions {
  readonly service: Pick<ExtAuthzService, 'handleCheck' | 'onFault' | 'wallMs'>
  readonly relay: Relay
  readonly maxMessageBytes: number
}

/** Takes a new stream, whatever it turns out to be, and says who serves it. Never throws. */
export type CheckLane = (stream: ServerStream, connection: ServerConnection) => StreamHandler

const noBytes = Buffer.alloc(0)
const unitMs = new Map([
  ['H', 3_600_000],
  ['M', 60_000],
  ['S', 1_000],
  ['m', 1],
  ['u', 1e-3],
  ['n', 1e-6],
])
const answerHeaders = encodeFields([
  [':status', '200'],
  ['content-type', 'application/grpc+proto'],
  ['grpc-accept-encoding', 'identity,deflate,gzip'],
  ['grpc-encoding', 'identity'],
])
const answerTrailers = encodeFields([
  ['grpc-status', '0'],
  ['grpc-message', 'OK'],
])
const deadlineExceeded = trailersOnly(4, 'Deadline%20exceeded')

/** Creates the lane. */
export function createCheckLane(options: CheckLaneOptions): CheckLane {
  const deadlines = new DeadlineWatch(options.service.wallMs)
  return (stream, connection) => {
    const { head } = stream
    const timeoutMs = isUsual(head) ? parseTimeout(head.get('grpc-timeout')) : undefined
    if (timeoutMs === undefined) return options.relay.take(stream, connection)
    const call = new LaneCall(options, stream, connection, timeoutMs)
    if (timeoutMs < Number.POSITIVE_INFINITY) deadlines.add(call)
    return call
  }
}

function isUsual(head: RequestHead): boolean {
  const type = head.get('content-type')
  return (
    head.path === checkPath &&
    head.method === 'POST' &&
    (type === 'application/grpc' || type === 'application/grpc+proto')
  )
}

/** Milliseconds; infinite when there is none, undefined when it is not one that can be read. */
function parseTimeout(value: string | undefined): number | undefined {
  if (value === undefined) return Number.POSITIVE_INFINITY
  if (!/^\d{1,8}[HMSmun]$/.test(value)) return undefined
  return Math.trunc(Number(value.slice(0, -1)) * (unitMs.get(value.slice(-1)) ?? 0))
}

/** One call of the lane, from its headers to its end. */
class LaneCall implements CheckCall, DueCall, StreamHandler {
  request: Buffer = noBytes
  readonly #options: CheckLaneOptions
  readonly #stream: ServerStream
  readonly #connection: ServerConnection
  readonly #deadlineMs: number
  #received: MessageBuffer | undefined
  #isOver = false

  constructor(
    options: CheckLaneOptions,
    stream: ServerStream,
    connection: ServerConnection,
    timeoutMs: number,
  ) {
    this.#options = options
    this.#stream = stream
    this.#connection = connection
    this.#deadlineMs = options.service.wallMs() + timeoutMs
  }

  getDeadline(): number {
    return this.#deadlineMs
  }

  /** Ends the call after its deadline, whatever it still waits for: the rest of its message, or the decision. */
  endIfDue(nowMs: number): boolean {
    if (this.#isOver || nowMs < this.#deadlineMs) return this.#isOver
    if (this.#finish()) this.#stream.sendHeaders(deadlineExceeded, true)
    return true
  }

  data(bytes: Buffer, isLast: boolean): void {
    if (this.#isOver) return
    this.#stream.credit(bytes.length)
    this.#received ??= new MessageBuffer(this.#options.maxMessageBytes)
    this.#received.add(bytes, isLast)
    // Handed over at once: more than is allowed is never kept. A second message too is for grpc-js to refuse.
    if (this.#received.isUnusual) this.#handOver(false)
  }

  ended(): void {
    if (this.#isOver) return
    const message = this.#received?.message
    if (message === undefined) {
      this.#handOver(true)
      return
    }
    this.request = message
    this.#options.service.handleCheck(this, (_error, answer) => {
      this.#answer(answer)
    })
    // What was read of it is copied. Nobody may make the gate keep messages by asking for what takes long.
    this.#forgetMessage()
  }

  closed(): void {
    this.#isOver = true
    this.#forgetMessage()
  }

  #forgetMessage(): void {
    this.request = noBytes
    this.#received = undefined
  }

  #answer(answer: CheckAnswer): void {
    if (!this.#finish()) return
    try {
      const message = serializeCheckAnswer(answer)
      const framed = Buffer.allocUnsafe(prefixBytes + message.length)
      framed[0] = 0
      framed.writeUInt32BE(message.length, 1)
      message.copy(framed, prefixBytes)
      this.#stream.answer(answerHeaders, framed, answerTrailers)
    } catch (fault) {
      // Fail closed: a reset is no answer. Whoever lets fail open has said so to the proxy.
      this.#options.service.onFault(fault)
      this.#stream.reset(errorCode.internalError)
    }
  }

  #handOver(isEnded: boolean): void {
    if (!this.#finish()) return
    const stream = this.#stream
    const received = this.#received?.bytes
    stream.handler = this.#options.relay.take(stream, this.#connection, received, isEnded)
    this.#forgetMessage()
  }

  /** Ends the call; false when it is over already, or its client is gone. */
  #finish(): boolean {
    const wasOver = this.#isOver
    this.#isOver = true
    return !wasOver && !this.#stream.isOver
  }
}
