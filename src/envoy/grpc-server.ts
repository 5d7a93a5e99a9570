/**
 * The gRPC server: addresses, TLS, the life of connections, and who serves which call.
 *
 * The defaults suit Envoy, which keeps one HTTP/2 connection for each of its worker threads and for as long as it is
 * let: pings find dead peers, an idle limit lets go of restarted ones, and an age limit with a grace spreads
 * long-lived connections over new replicas.
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { CertificateFiles, type CertificateFilesOptions } from '../certificate-files.js'
import { createConnectionServer } from '../connection-server.js'
import { ServerConnection } from '../http2/index.js'
import { listen, type Listen } from '../listen.js'
import { createCheckLane } from './check-lane.js'
import { createConnectionLife, type ConnectionLifeOptions } from './connection-life.js'
import type { ExtAuthzService } from './ext-authz-service.js'
import type { OtherCalls, OtherCallsOptions } from './other-calls.js'
import { createRelay } from './relay.js'

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
/** What a client may make the gate keep of calls that are not complete, for each connection: room for a few of the longest. */
const unfinishedMessages = 4

/** For a client to say who it is. Envoy gives a new connection 5 seconds, unless it is told otherwise. */
const handshakeMs = 10_000

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
  takeConnections: Listen = listen,
): Promise<GrpcServer> {
  let isServing = false
  let others: Promise<OtherCalls> | undefined
  /** Loads what serves them when they are first needed, which is soon: Kubernetes asks for the health. */
  async function otherCalls(): Promise<OtherCalls> {
    others ??= import('./other-calls.js').then(
      async ({ createOtherCalls }) => await createOtherCalls(options, service),
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
  const lane = createCheckLane({ service, relay, maxMessageBytes: options.maxMessageBytes })
  const connectionOptions = {
    serve: lane,
    onFault: service.onFault,
    maxUnfinishedBytes: unfinishedMessages * options.maxMessageBytes,
  }
  const server = createConnectionServer(files, { protocol: 'h2', handshakeMs }, (socket) => {
    // "…MUST use protocol negotiation in TLS" (RFC 9113 section 3.2): who has not asked for HTTP/2 does not speak it.
    const isOther = socket instanceof TLSSocket && socket.alpnProtocol !== 'h2'
    if (isOther) socket.on('error', () => undefined).destroy()
    else life.opened(new ServerConnection(socket, connectionOptions))
  })
  server.on('connection', (socket: Socket) => {
    socket.setNoDelay(true)
    life.accepted(socket)
  })
  const listening = await takeConnections(server, options.address).catch((fault: unknown) => {
    files?.close()
    throw fault
  })

  return {
    address: listening.address,
    setServing(serving) {
      isServing = serving
      otherCalls().catch(service.onFault)
    },
    async reloadCertificates() {
      await files?.lookNow()
    },
    async close(graceMs) {
      files?.close()
      const closed = listening.close()
      life.drain(graceMs)
      await closed
      relay.close()
      const loaded = await others?.catch(() => undefined)
      loaded?.close()
    },
  }
}
