/** Opens the doors that the configuration names. Part of the composition root: it knows every door and its settings. */
import type { CertificateFilesOptions } from './certificate-files.js'
import type { Allow, DoorDependencies } from './check/index.js'
import type { GateConfig } from './config/index.js'
import { createExtAuthzService, startGrpcServer, type GrpcServer } from './envoy/index.js'
import {
  createForwardAuthService,
  dialects,
  startForwardAuthServer,
  type ForwardAuthServer,
} from './forward-auth/index.js'
import type { Listen } from './listen.js'
import type { Log } from './telemetry/index.js'

const tlsReloadMs = 10_000

/** The doors that proxies come to. */
export type DoorName = 'grpc' | 'http'

/** What every door of a process is built from. */
export interface DoorParts extends DoorDependencies {
  /** Where a door gets its connections from, if not from an address of its own. */
  readonly listenAs: ((door: DoorName) => Listen) | undefined
  readonly wallMs: () => number
  /** Every header, in every spelling, that only Scopegate may send upstream with an allow. */
  readonly managedHeaders: (allow: Allow) => readonly string[]
}

/** The gRPC door; undefined when the configuration has none. Rejects when it cannot be opened. */
export async function openEnvoyDoor(
  config: GateConfig,
  dependencies: DoorParts,
  log: Log,
): Promise<GrpcServer | undefined> {
  const { grpc } = config.listen
  if (grpc === undefined) return undefined
  const service = createExtAuthzService({
    ...dependencies,
    response: {
      managedHeaders: dependencies.managedHeaders,
      defersUnavailable: grpc.onUnavailable === 'defer',
    },
  })
  return await startGrpcServer(
    {
      address: grpc.address,
      tls: certificateFiles(grpc.tls, log),
      reflection: grpc.reflection,
      maxMessageBytes: grpc.maxMessageBytes,
      keepaliveMs: grpc.keepaliveSeconds * 1_000,
      keepaliveTimeoutMs: grpc.keepaliveTimeoutSeconds * 1_000,
      maxConnectionAgeMs: grpc.maxConnectionAgeSeconds * 1_000,
      maxConnectionAgeGraceMs: grpc.maxConnectionAgeGraceSeconds * 1_000,
      maxConnectionIdleMs: grpc.maxConnectionIdleSeconds * 1_000,
    },
    service,
    dependencies.listenAs?.('grpc'),
  )
}

/** The HTTP doors; undefined when the configuration has none. Rejects when they cannot be opened. */
export async function openHttpDoors(
  config: GateConfig,
  dependencies: DoorParts,
  log: Log,
): Promise<ForwardAuthServer | undefined> {
  const { http } = config.listen
  if (http === undefined) return undefined
  const service = createForwardAuthService({
    ...dependencies,
    dialects: dialects({ defersUnavailable: http.onUnavailable === 'defer' }),
  })
  return await startForwardAuthServer(
    {
      address: http.address,
      tls: certificateFiles(http.tls, log),
      trustedProxies: http.trustedProxies ?? [],
      maxHeaderBytes: http.maxHeaderBytes,
      maxConnections: http.maxConnections,
      requestTimeoutMs: http.requestTimeoutSeconds * 1_000,
      keepAliveMs: http.keepAliveSeconds * 1_000,
    },
    service,
    dependencies.listenAs?.('http'),
  )
}

function certificateFiles(
  tls: NonNullable<GateConfig['listen']['http']>['tls'],
  log: Log,
): CertificateFilesOptions | undefined {
  if (tls === undefined) return undefined
  return {
    certFile: tls.certFile,
    keyFile: tls.keyFile,
    clientCaFile: tls.clientCaFile,
    reloadMs: tlsReloadMs,
    onReloadFault: (fault: unknown) => {
      const detail = fault instanceof Error ? fault.message : String(fault)
      log.warn('changed TLS files cannot be used, the ones before stay', { detail })
    },
  }
}
