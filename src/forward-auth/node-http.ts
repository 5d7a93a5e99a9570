/**
 * Node's own HTTP/1.1 for all that `http1/` does not read: bodies, chunks, `Expect`, heads in many pieces, strangers, and what is no HTTP
 * at all. It has to be right and need not be fast.
 */
import { createServer, STATUS_CODES, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ForwardAuthService } from './forward-auth-service.js'
import type { HttpAnswer, SendAnswer } from './http-answer.js'

/** How questions are read and answered. */
export interface NodeHttpOptions {
  readonly maxHeaderBytes: number
  readonly requestTimeoutMs: number
  readonly keepAliveMs: number
  readonly isTrusted: (socket: Socket) => boolean
  /** Asked for each question: whether its answer closes the connection. */
  readonly isDraining: () => boolean
}

/** A server that listens nowhere, and is given its connections. */
export interface NodeHttp {
  /** Reads the socket from where it is, and answers what comes on it. */
  readonly serve: (socket: Socket) => void
  /** Ends the connections on which no question is. */
  readonly closeIdle: () => void
  /** Ends the connections that are idle, and looks after them no more. */
  readonly stop: () => void
}

/** Creates the server. */
export function createNodeHttp(options: NodeHttpOptions, service: ForwardAuthService): NodeHttp {
  const { requestTimeoutMs, isTrusted, isDraining } = options
  const server = createServer({
    maxHeaderSize: options.maxHeaderBytes,
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: options.keepAliveMs,
    connectionsCheckingInterval: Math.min(1_000, requestTimeoutMs),
    requireHostHeader: false, // A question without a Host is refused like every other one that lacks a field.
  })
  // Node leaves out headers beyond a number without a word, and with them the second of two credentials.
  server.maxHeadersCount = 0
  server.on('request', (request, response) => {
    response.sendDate = false
    const trusted = isTrusted(request.socket)
    if (isDraining() || !trusted) response.shouldKeepAlive = false
    const { method = '', url: target = '', rawHeaders: fields } = request
    const send: SendAnswer = (answer, decisionId) => {
      sendByNode(response, answer, decisionId)
    }
    service.handle({ method, target, fields }, send, trusted)
  })
  server.on('connect', (_request, socket: Duplex) => {
    service.unreadable('CONNECT has no target')
    refuse(socket, 400)
  })
  server.on('clientError', (fault: NodeJS.ErrnoException, socket) => {
    const status = statusOf(fault)
    if (status === undefined || !socket.writable) {
      socket.destroy()
      return
    }
    service.unreadable(status === 408 ? notInTime : notHttp)
    refuse(socket, status)
  })
  // From this event on Node looks for requests that take too long.
  server.emit('listening')

  return {
    serve(socket) {
      server.emit('connection', socket)
    },
    closeIdle() {
      server.closeIdleConnections()
    },
    stop() {
      server.close()
    },
  }
}

/** What is wrong with a question of which not everything came. */
export const notInTime = 'the question did not arrive in time'
/** What is wrong with one that cannot be read. */
export const notHttp = 'not HTTP'

/** For a peer to read why it is refused. */
const lingerMs = 1_000

/** Ends a connection with a status. */
export function refuse(socket: Duplex, status: number): void {
  socket.on('error', () => undefined) // The peer may be gone; nobody else is concerned.
  const line = `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`
  // Node waits for ever for a peer that does not end its side, and it would keep its place among the connections.
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref()
  socket.once('close', () => {
    clearTimeout(timer)
  })
  socket.end(`${line}\r\ncache-control: no-store\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
}

/** What to say to bytes that are not a request; undefined when there is nobody to say it to. */
function statusOf({ code = '' }: NodeJS.ErrnoException): number | undefined {
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408
  return code.startsWith('HPE_') ? 400 : undefined
}

function sendByNode(response: ServerResponse, answer: HttpAnswer, decisionId: string): void {
  const fields = answer.fields.slice()
  fields[fields.length - 1] = decisionId
  response.writeHead(answer.status, fields).end(answer.body, 'latin1')
}
