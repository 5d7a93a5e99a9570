/**
 * The HTTP server of the doors: raw node:http, because it is a hot path.
 *
 * The rules are:
 *   - a question has little time to arrive, and little room; a connection that says nothing is not for ever;
 *   - connections stay open longer than any proxy keeps an idle one, so that it is the proxy that closes: a question
 *     that meets a closing connection would be a failure of the gate;
 *   - what cannot be read as HTTP is answered with 4xx, never by silence.
 */
import { createServer, STATUS_CODES, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  CertificateFiles,
  type CertificateFilesOptions,
  type Certificates,
} from '../certificate-files.js'
import { listen, type Listen, type Listening } from '../listen.js'
import type { ForwardAuthService } from './forward-auth-service.js'
import { QuestionMessage } from './question-message.js'
import { trustedProxies } from './trusted-proxies.js'

/** How to listen. */
export interface ForwardAuthServerOptions {
  /** `host:port`, or `unix:/path`. */
  readonly address: string
  readonly tls: CertificateFilesOptions | undefined
  /** Addresses and CIDR blocks; not looked at on a unix socket. */
  readonly trustedProxies: readonly string[]
  readonly maxHeaderBytes: number
  readonly maxConnections: number
  /** For one question to arrive. */
  readonly requestTimeoutMs: number
  /** For a connection without a question. */
  readonly keepAliveMs: number
}

/** A server that listens. */
export interface ForwardAuthServer {
  /** The address with the port that was given. */
  readonly address: string
  /** Looks for changed certificates now. Never rejects: what cannot be used changes nothing. */
  reloadCertificates(): Promise<void>
  /** From now on every answer closes its connection, so that proxies move to other gates. */
  drain(): void
  /** Stops taking connections, lets questions under way finish, and cuts what is left when the time is over. */
  close(graceMs: number): Promise<void>
}

/** Starts the server. Rejects when the address cannot be bound. */
export async function startForwardAuthServer(
  options: ForwardAuthServerOptions,
  service: ForwardAuthService,
  takeConnections: Listen = listen,
): Promise<ForwardAuthServer> {
  const isTrusted = trustedProxies(options.trustedProxies, options.address.startsWith('unix:'))
  const files = options.tls === undefined ? undefined : await CertificateFiles.load(options.tls)
  const server = createHttpServer(files, {
    IncomingMessage: QuestionMessage,
    maxHeaderSize: options.maxHeaderBytes,
    headersTimeout: options.requestTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    keepAliveTimeout: options.keepAliveMs,
    connectionsCheckingInterval: Math.min(1_000, options.requestTimeoutMs),
    requireHostHeader: false, // A question without a Host is refused like every other one that lacks a field.
  })
  // Node leaves out headers beyond a number without a word, and with them the second of two credentials.
  server.maxHeadersCount = 0
  server.maxConnections = options.maxConnections
  let isDraining = false
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    socket.setNoDelay(true)
    socket.setKeepAlive(true, tcpKeepAliveMs)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })

  server.on('request', (request, response) => {
    response.sendDate = false
    const trusted = isTrusted(request.socket)
    if (isDraining || !trusted) response.shouldKeepAlive = false
    service.handle(request, response, trusted)
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
    service.unreadable(status === 408 ? 'the question did not arrive in time' : 'not HTTP')
    refuse(socket, status)
  })
  const listening = await takeConnections(server, options.address).catch((fault: unknown) => {
    files?.close()
    throw fault
  })

  return {
    address: listening.address,
    async reloadCertificates() {
      await files?.lookNow()
    },
    drain() {
      isDraining = true
      server.closeIdleConnections()
    },
    async close(graceMs) {
      isDraining = true
      files?.close()
      await end(server, listening, sockets, graceMs)
    },
  }
}

const tcpKeepAliveMs = 60_000
/** For a peer to read why it is refused. */
const lingerMs = 1_000

function createHttpServer(files: CertificateFiles | undefined, options: ServerOptions): Server {
  if (files === undefined) return createServer(options)
  const server = createTlsServer({ ...options, ...secureContext(files.current) })
  files.onChange((current) => {
    server.setSecureContext(secureContext(current))
  })
  return server
}

/** A client CA means that only its clients may connect. */
function secureContext({ certificate, privateKey, caCertificate }: Certificates): object {
  const identity = { cert: certificate, key: privateKey }
  if (caCertificate === undefined) return identity
  return { ...identity, ca: caCertificate, requestCert: true, rejectUnauthorized: true }
}

/** What to say to bytes that are not a request; undefined when there is nobody to say it to. */
function statusOf({ code = '' }: NodeJS.ErrnoException): number | undefined {
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408
  return code.startsWith('HPE_') ? 400 : undefined
}

function refuse(socket: Duplex | Socket, status: number): void {
  socket.on('error', () => undefined) // The peer may be gone; nobody else is concerned.
  const line = `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`
  // Node waits for ever for a peer that does not end its side, and it would keep its place among the connections.
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref()
  socket.once('close', () => {
    clearTimeout(timer)
  })
  socket.end(`${line}\r\ncache-control: no-store\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
}

async function end(
  server: Server,
  listening: Listening,
  sockets: ReadonlySet<Socket>,
  graceMs: number,
): Promise<void> {
  const timer = setTimeout(() => {
    server.closeAllConnections()
    for (const socket of sockets) socket.destroy() // Node's own list has none in a handshake of TLS.
  }, graceMs)
  const closed = listening.close()
  server.closeIdleConnections()
  await closed
  clearTimeout(timer)
}
