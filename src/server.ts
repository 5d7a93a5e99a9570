/**
 * The composition root: builds every room from a configuration, opens the doors, and closes them again.
 * The only file that imports every room, and the only place where real time, randomness and network come in.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { DestinationStream } from 'pino'
import type { CertificateFilesOptions } from './certificate-files.js'
import { createCheck, createDecisionIds, type Check, type CheckObserver } from './check/index.js'
import type { GateConfig } from './config/index.js'
import { checkMethod, createExtAuthzService, loadProto, startGrpcServer } from './envoy/index.js'
import {
  createForwardAuthService,
  dialects,
  startForwardAuthServer,
  type ForwardAuthServer,
} from './forward-auth/index.js'
import { KeySets, type KeySetsDependencies } from './jwks/index.js'
import { clock } from './real-clock.js'
import { Opened } from './opened.js'
import { DirectoryFiles } from './snapshot-files.js'
import { createSourceFetch } from './source-fetch.js'
import { issuerReports, Log, Metrics, Readiness, startAdminServer } from './telemetry/index.js'
import { createAuthenticate, createJwtVerifier, TokenCache } from './token/index.js'

/** Where a gate listens. `http` is missing when it has no HTTP doors. */
export interface Addresses {
  readonly grpc: string
  readonly http?: string
  readonly admin: string
}

/** A gate that runs. */
export interface Gate {
  /** Where it listens, with the ports that were given. */
  readonly addresses: Addresses
  /**
   * Ends without dropping a check: says that it is not ready, goes on serving while proxies notice, lets calls under
   * way finish, and cuts what is left after the grace.
   */
  shutdown(): Promise<void>
}

/** What differs between a process and a test. */
export interface GateEnvironment {
  readonly version: string
  readonly logDestination: DestinationStream
}

const maxRejections = 20_000
const rejectionTtlMs = 10_000
const tlsReloadMs = 10_000

/** Starts a gate. Rejects when an address cannot be bound; does not wait for issuers. */
export async function startGate(config: GateConfig, environment: GateEnvironment): Promise<Gate> {
  const log = new Log(config.log, environment.logDestination)
  const keySets = new KeySets(
    config.issuerKeys,
    keySetsDependencies(config, log, () => ({ metrics, readiness })),
  )
  const tokenCache = new TokenCache(
    {
      maxTokens: config.limits.maxCachedTokens,
      maxBytes: config.limits.maxCacheBytes,
      maxRejections,
      rejectionTtlMs,
    },
    clock,
  )
  const metrics: Metrics = new Metrics({
    version: environment.version,
    keyStates: () => keySets.status(),
    tokenCache,
    monotonicMs: clock.monotonicMs,
    configLoadedAtMs: clock.wallMs(),
  })
  const readiness: Readiness = new Readiness(() => keySets.status())
  const onFault = (fault: unknown): void => {
    metrics.failed()
    log.fault(fault)
  }
  const check = buildCheck(config, keySets, tokenCache, onFault)
  const observer: CheckObserver = {
    decided(event) {
      metrics.decided(event)
      log.decided(event)
    },
  }
  const dependencies: DoorDependencies = {
    check,
    observer,
    nextDecisionId: createDecisionIds(randomBytes(8).toString('hex')),
    monotonicMs: clock.monotonicMs,
    onFault,
  }
  const opened = new Opened()
  try {
    const grpc = await opened.add(openEnvoyDoor(config, dependencies, log))
    const http = await opened.add(openHttpDoors(config, dependencies, log))
    const admin = await opened.add(
      startAdminServer(config.listen.admin.address, {
        registry: metrics.registry,
        readiness,
        issuers: () => issuerReports(keySets.status(), clock),
      }),
    )
    readiness.onChange((ready) => {
      grpc.setServing(ready)
      log.info(ready ? 'ready' : 'not ready', { components: readiness.components() })
    })
    keySets.start()
    readiness.listening()
    const addresses = {
      grpc: grpc.address,
      ...(http === undefined ? {} : { http: http.address }),
      admin: admin.address,
    }
    log.info('listening', addresses)

    return {
      addresses,
      async shutdown() {
        log.info('shutting down', { drain_ms: config.shutdown.drainMs })
        readiness.draining()
        http?.drain()
        await new Promise((resolve) => setTimeout(resolve, config.shutdown.drainMs))
        const { graceMs } = config.shutdown
        await Promise.all([grpc.close(graceMs), http?.close(graceMs)])
        keySets.stop()
        await admin.close()
        log.info('stopped')
      },
    }
  } catch (fault) {
    await opened.close() // Who cannot have all addresses keeps none.
    throw fault
  }
}

/** What every door needs. */
interface DoorDependencies {
  readonly check: Check
  readonly observer: CheckObserver
  readonly nextDecisionId: () => string
  readonly monotonicMs: () => number
  readonly onFault: (fault: unknown) => void
}

function keySetsDependencies(
  { keysSnapshotDir }: GateConfig,
  log: Log,
  telemetry: () => { readonly metrics: Metrics; readonly readiness: Readiness },
): KeySetsDependencies {
  return {
    clock,
    random: Math.random,
    access: (options) => ({
      fetch: createSourceFetch(options, (url, init) => fetch(url, init)),
      timeoutMs: options.timeoutMs,
      allowInsecure: options.allowInsecure,
      readFile: (path) => readFile(path),
      wallMs: clock.wallMs,
    }),
    snapshotFiles:
      keysSnapshotDir === undefined
        ? undefined
        : new DirectoryFiles(keysSnapshotDir, () => randomBytes(8).toString('hex')),
    observer: {
      refreshed(issuer, fault) {
        telemetry().metrics.refreshed(issuer, fault)
        telemetry().readiness.update()
        if (fault !== undefined) log.warn('key set could not be loaded', { issuer, fault })
      },
      snapshot(issuer, result, fault) {
        telemetry().metrics.snapshot(issuer, result)
        telemetry().readiness.update()
        if (fault !== undefined) log.warn(`snapshot of keys ${result}`, { issuer, fault })
        else if (result === 'used') log.info('keys from a snapshot', { issuer })
      },
    },
  }
}

function buildCheck(
  config: GateConfig,
  keySets: KeySets,
  tokenCache: TokenCache,
  onFault: (fault: unknown) => void,
): Check {
  const verifyJwt = createJwtVerifier({
    issuers: config.trustedIssuers,
    findKeys: (issuerId, kid, algorithm) => keySets.find(issuerId, kid, algorithm),
    findOtherKeys: (issuerId, kid, algorithm, tried) =>
      keySets.findOthers(issuerId, kid, algorithm, tried),
    neededClaims: config.neededClaims,
    wallMs: clock.wallMs,
  })
  return createCheck({
    policy: config.policy,
    authenticate: createAuthenticate(verifyJwt, tokenCache, {
      maxWaiting: config.limits.maxWaitingChecks,
      maxWaitingForKeys: config.maxWaitingForKeys,
    }),
    claimPointers: config.claimPointers,
    clock,
    limits: {
      maxTokenBytes: config.limits.maxTokenBytes,
      budgetMs: config.limits.decisionTimeoutMs,
    },
    onFault,
  })
}

async function openEnvoyDoor(
  config: GateConfig,
  dependencies: DoorDependencies,
  log: Log,
): ReturnType<typeof startGrpcServer> {
  const proto = loadProto()
  const { grpc } = config.listen
  const service = createExtAuthzService({
    ...dependencies,
    wallMs: clock.wallMs,
    response: {
      serialize: checkMethod(proto).responseSerialize,
      managedHeaders: config.managedHeaders,
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
    proto,
  )
}

async function openHttpDoors(
  config: GateConfig,
  dependencies: DoorDependencies,
  log: Log,
): Promise<ForwardAuthServer | undefined> {
  const { http } = config.listen
  if (http === undefined) return undefined
  const service = createForwardAuthService({
    ...dependencies,
    dialects: dialects({ defersUnavailable: http.onUnavailable === 'defer' }),
    managedHeaders: config.managedHeaders,
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
  )
}

function certificateFiles(
  tls: GateConfig['listen']['grpc']['tls'],
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
