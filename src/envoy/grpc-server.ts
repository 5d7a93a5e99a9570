/**
 * The gRPC server: addresses, TLS, the life of connections, and who serves which call.
 *
 * The defaults suit Envoy, which keeps one HTTP/2 connection for each of its worker threads and for as long as it is
 * let: pings find dead peers, an idle limit lets go of restarted ones, and an age limit with a grace spreads
 * long-lived connections over new replicas.
 */
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { SecureContextOptions, TLSSocket } from 'node:tls'
import type { PackageDefinition } from '@grpc/proto-loader'
import { listen } from '../listen.js'
import {
  CertificateFiles,
  type Certificates,
  type CertificateFilesOptions,
} from '../certificate-files.js'
import { createCheckLane } from './check-lane.js'
import { createConnectionLife, type ConnectionLifeOptions } from './connection-life.js'
import type { ExtAuthzService } from './ext-authz-service.js'
import type { OtherCalls, OtherCallsOptions } from './other-calls.js'
import { createRelay } from './relay.js'
import { replaceStreamTable } from './stream-table.js'

/** How to listen. */
export interface GrpcServerOptions extends ConnectionLifeOptions, OtherCallsOptions {
  /** `host:port`, or `unix:/path`. */
  readonly address: string
  readonly tls: CertificateFilesOptions | undefined
}

/**
 * Streams of anything but usual checks at a time, on one connection. Each probe or watch of health is one. RFC 9113 section
 * 6.5.2: "no smaller than 100".
 */
const maxRelayedStreams = 100
const nodeMajor = Number.parseInt(process.versions.node, 10)
/** As grpc-js has them: near its limit of memory Node refuses streams at random, which would be RPC errors. */
const serverOptions = {
  maxSendHeaderBlockLength: Number.MAX_SAFE_INTEGER,
  maxSessionMemory: Number.MAX_SAFE_INTEGER,
}

/** A server that listens. */
export interface GrpcServer {
  /** The address as clients write it, with the port that was given. */
  readonly address: string
  /** What grpc.health.v1 says for `""` and for the service, to Check and to Watch. */
  setServing(serving: boolean): void
  /** Looks for changed certificates now. Never rejects: what cannot be used changes nothing. */
  reloadCertificates(): Promise<void>
  /**
   * Stops taking calls, lets those under way finish, and cuts what is left when the time is over.
   */
  close(graceMs: number): Promise<void>
}

/** Starts a server. Rejects when the address cannot be bound or a TLS file cannot be read. */
export async function startGrpcServer(
  options: GrpcServerOptions,
  service: ExtAuthzService,
  definition: PackageDefinition,
): Promise<GrpcServer> {
  let isServing = false
  let others: Promise<OtherCalls> | undefined
  /** Loads what serves them when they are first needed, which is soon: Kubernetes asks for the health. */
  async function otherCalls(): Promise<OtherCalls> {
    others ??= import('./other-calls.js').then(
      async ({ createOtherCalls }) => await createOtherCalls(options, service, definition),
    )
    const loaded = await others
    loaded.setServing(isServing)
    return loaded
  }
  const relay = createRelay((connection) => {
    otherCalls().then(
      ({ inject }) => {
        inject(connection)
      },
      (fault: unknown) => {
        service.onFault(fault)
        connection.destroy() // Who waits on it is told UNAVAILABLE.
      },
    )
  }, maxRelayedStreams)
  const life = createConnectionLife(options)
  const files = options.tls && (await CertificateFiles.load(options.tls))
  const listener = createListener(files, options.tls?.clientCaFile !== undefined)
  listener.on('connection', (socket: Socket) => {
    life.accepted(socket)
  })
  listener.on('session', (session) => {
    replaceStreamTable(session, nodeMajor)
    life.opened(session)
  })
  listener.on(
    'stream',
    createCheckLane({ service, relay, maxMessageBytes: options.maxMessageBytes }),
  )
  const address = await listen(listener, options.address).catch((fault: unknown) => {
    files?.close()
    throw fault
  })

  return {
    address,
    setServing(serving) {
      isServing = serving
      otherCalls().catch(service.onFault)
    },
    async reloadCertificates() {
      await files?.lookNow()
    },
    async close(graceMs) {
      files?.close()
      const closed = new Promise((resolve) => listener.close(resolve))
      life.drain(graceMs)
      await closed
      relay.close()
      const loaded = await others?.catch(() => undefined)
      loaded?.close()
    },
  }
}

/** The HTTP/2 server in front, with TLS when there are certificates, of which new connections get the latest. */
function createListener(
  files: CertificateFiles | undefined,
  asksForClients: boolean,
): Http2Server | Http2SecureServer {
  if (files === undefined) return createServer(serverOptions)
  const listener = createSecureServer({
    ...serverOptions,
    ...secureContext(files.current),
    requestCert: asksForClients,
    rejectUnauthorized: asksForClients,
  })
  files.onChange((current) => {
    listener.setSecureContext(secureContext(current))
  })
  listener.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => undefined) // Node leaves these to us (nodejs/node#35824); the session ends by itself.
  })
  return listener
}

function secureContext({
  certificate,
  privateKey,
  caCertificate,
}: Certificates): SecureContextOptions {
  return { cert: certificate, key: privateKey, ca: caCertificate }
}
