/**
 * The HTTP server of the doors. Questions as proxies ask them are read by `http1/`, because it is a hot path; the first
 * thing on a connection that is anything else, and whatever a stranger sends, is Node's matter (ADR 0039).
 *
 * The rules are:
 *   - a question has little time to arrive, and little room; a connection that says nothing is not for ever;
 *   - connections stay open longer than any proxy keeps an idle one, so that it is the proxy that closes: a question
 *     that meets a closing connection would be a failure of the gate;
 *   - what cannot be read as HTTP is answered with 4xx, never by silence.
 */
import type { Socket } from 'node:net'
import { CertificateFiles, type CertificateFilesOptions } from '../certificate-files.js'
import { createConnectionServer } from '../connection-server.js'
import { ServerConnection, type ServerConnectionOptions } from '../http1/index.js'
import { listen, type Listen } from '../listen.js'
import type { ForwardAuthService } from './forward-auth-service.js'
import { sendOn } from './http-answer.js'
import { createNodeHttp, notHttp, notInTime, refuse } from './node-http.js'
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
  /** For one question to arrive, and for a handshake of TLS. */
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
  let isDraining = false
  const sockets = new Set<Socket>()
  const connections = new Map<Socket, ServerConnection>()
  const nodeHttp = createNodeHttp({ ...options, isTrusted, isDraining: () => isDraining }, service)

  const connectionOptions: ServerConnectionOptions = {
    maxHeadBytes: options.maxHeaderBytes,
    requestTimeoutMs: options.requestTimeoutMs,
    keepAliveMs: options.keepAliveMs,
    serve(head, connection) {
      if (isDraining) connection.close()
      service.handle(head, sendOn(connection), true)
    },
    handOver(socket) {
      connections.delete(socket)
      nodeHttp.serve(socket)
    },
    refuse(socket, fault) {
      service.unreadable(fault === 'late' ? notInTime : notHttp)
      refuse(socket, fault === 'late' ? 408 : 400)
    },
  }

  const speaks = { protocol: 'http/1.1', handshakeMs: options.requestTimeoutMs } as const
  const server = createConnectionServer(files, speaks, (socket) => {
    // Who has ended its side may still read its answer. Before a handshake of TLS is over, such a socket would stay for ever.
    socket.allowHalfOpen = true
    if (!isTrusted(socket)) {
      nodeHttp.serve(socket)
      return
    }
    connections.set(socket, new ServerConnection(socket, connectionOptions))
    socket.once('close', () => connections.delete(socket))
  })
  server.maxConnections = options.maxConnections
  server.on('connection', (socket: Socket) => {
    socket.setNoDelay(true)
    socket.setKeepAlive(true, tcpKeepAliveMs)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const listening = await takeConnections(server, options.address).catch((fault: unknown) => {
    files?.close()
    nodeHttp.stop()
    throw fault
  })

  function drain(): void {
    isDraining = true
    for (const connection of connections.values()) connection.close()
    nodeHttp.closeIdle()
  }

  return {
    address: listening.address,
    async reloadCertificates() {
      await files?.lookNow()
    },
    drain,
    async close(graceMs) {
      files?.close()
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, graceMs)
      const closed = listening.close()
      drain()
      await closed
      clearTimeout(timer)
      nodeHttp.stop()
    },
  }
}

const tcpKeepAliveMs = 60_000
