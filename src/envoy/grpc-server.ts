/**
 * The gRPC server: addresses, TLS, the life of connections, health and reflection.
 *
 * The defaults suit Envoy, which keeps one HTTP/2 connection for each of its worker threads and for as long as it is
 * let: pings find dead peers, an idle limit lets go of restarted ones, and an age limit with a grace spreads
 * long-lived connections over new replicas.
 */
import { experimental, Server, ServerCredentials } from '@grpc/grpc-js'
import type { PackageDefinition } from '@grpc/proto-loader'
import { HealthImplementation } from 'grpc-health-check'
import { removeStaleSocket, withPort } from '../listen.js'
import { CertificateFiles, type CertificateFilesOptions } from '../certificate-files.js'
import { CertificateProvider } from './certificate-provider.js'
import type { ExtAuthzService } from './ext-authz-service.js'
import { authorizationService } from './load-proto.js'

/** How to listen. */
export interface GrpcServerOptions {
  /** `host:port`, or `unix:/path`. */
  readonly address: string
  readonly tls: CertificateFilesOptions | undefined
  readonly reflection: boolean
  readonly maxMessageBytes: number
  readonly keepaliveMs: number
  readonly keepaliveTimeoutMs: number
  readonly maxConnectionAgeMs: number
  readonly maxConnectionAgeGraceMs: number
  readonly maxConnectionIdleMs: number
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
  const server = new Server({
    'grpc.max_receive_message_length': options.maxMessageBytes,
    'grpc.keepalive_time_ms': options.keepaliveMs,
    'grpc.keepalive_timeout_ms': options.keepaliveTimeoutMs,
    'grpc.max_connection_age_ms': options.maxConnectionAgeMs,
    'grpc.max_connection_age_grace_ms': options.maxConnectionAgeGraceMs,
    'grpc.max_connection_idle_ms': options.maxConnectionIdleMs,
    'grpc.enable_channelz': 0,
  })
  server.addService(service.definition, service.implementation)
  const health = new HealthImplementation({
    '': 'NOT_SERVING',
    [authorizationService]: 'NOT_SERVING',
  })
  health.addToServer(server)
  if (options.reflection) {
    // Loaded for who asks for it: it brings Google's own protobuf, and its service is two more files to parse.
    const { ReflectionService } = await import('@grpc/reflection')
    new ReflectionService(definition).addToServer(server)
  }

  const socketPath = options.address.startsWith('unix:') ? options.address.slice(5) : undefined
  if (socketPath !== undefined) await removeStaleSocket(socketPath)
  const { credentials, files } = await createCredentials(options.tls)
  const port = await bind(server, options.address, credentials).catch((fault: unknown) => {
    files?.close()
    throw fault
  })

  const address = socketPath === undefined ? withPort(options.address, port) : options.address

  return {
    address,
    setServing(serving) {
      const status = serving ? 'SERVING' : 'NOT_SERVING'
      health.setStatus('', status)
      health.setStatus(authorizationService, status)
    },
    async reloadCertificates() {
      await files?.lookNow()
    },
    async close(graceMs) {
      files?.close()
      // Not forceShutdown: without channelz grpc-js keeps no list of connections for it, and it would cut none.
      server.drain(address, graceMs)
      await new Promise<void>((resolve) => {
        server.tryShutdown(() => {
          resolve()
        })
      })
    },
  }
}

/** Credentials of the connections, and their files. */
async function createCredentials(
  tls: CertificateFilesOptions | undefined,
): Promise<{ credentials: ServerCredentials; files?: CertificateFiles }> {
  if (tls === undefined) return { credentials: ServerCredentials.createInsecure() }
  const files = await CertificateFiles.load(tls)
  const provider = new CertificateProvider(files)
  const clientCa = tls.clientCaFile === undefined ? null : provider
  return {
    // The declaration names the first parameter for the CA, but the first is the identity.
    credentials: experimental.createCertificateProviderServerCredentials(
      provider,
      clientCa,
      clientCa !== null,
    ),
    files,
  }
}

async function bind(
  server: Server,
  address: string,
  serverCredentials: ServerCredentials,
): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.bindAsync(address, serverCredentials, (error, port) => {
      if (error === null) resolve(port)
      else reject(error)
    })
  })
}
