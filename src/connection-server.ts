/** A server of connections for a door: with TLS when there are certificates, of which new connections get the latest. */
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type SecureContextOptions } from 'node:tls'
import type { CertificateFiles, Certificates } from './certificate-files.js'

/** What is spoken on the connections. */
export interface ConnectionServerOptions {
  /** The name by which clients choose it in a handshake (ALPN, RFC 7301). Who names none is let in. */
  readonly protocol: 'h2' | 'http/1.1'
  /** For a handshake of TLS. */
  readonly handshakeMs: number
}

/**
 * Creates a server that does not listen yet. `onConnection` gets connections on which octets can be read and written: with TLS, those
 * whose handshake was good; with a client CA, those of its clients. All others are ended.
 */
export function createConnectionServer(
  files: CertificateFiles | undefined,
  { protocol, handshakeMs }: ConnectionServerOptions,
  onConnection: (socket: Socket) => void,
): Server {
  if (files === undefined) return createServer(onConnection)
  const asksForClients = files.current.caCertificate !== undefined
  const server = createTlsServer(
    {
      ...secureContext(files.current),
      ALPNProtocols: [protocol],
      handshakeTimeout: handshakeMs,
      requestCert: asksForClients,
      rejectUnauthorized: asksForClients,
    },
    onConnection,
  )
  server.on('tlsClientError', (_fault, socket) => {
    socket.destroy() // Node says that a handshake takes too long, and leaves the rest to whoever listens.
  })
  files.onChange((current) => {
    server.setSecureContext(secureContext(current))
  })
  return server
}

function secureContext({
  certificate,
  privateKey,
  caCertificate,
}: Certificates): SecureContextOptions {
  return { cert: certificate, key: privateKey, ca: caCertificate }
}
