/**
 * The composition root: builds every room from a configuration, opens the doors, and closes them again.
 * The only file that imports every room, and the only place where real time, randomness and network come in.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { DestinationStream } from 'pino'
import { createCheck, createDecisionIds, type Check, type CheckObserver } from './check/index.js'
import type { GateConfig } from './config/index.js'
import { checkMethod, createExtAuthzService, loadProto, startGrpcServer } from './envoy/index.js'
import { KeySets, type Clock, type KeySetsDependencies } from './jwks/index.js'
import { Log, Metrics, Readiness, startAdminServer } from './telemetry/index.js'
import { createAuthenticate, createJwtVerifier, TokenCache } from './token/index.js'

/** A gate that runs. */
export interface Gate {
  /** Where it listens, with the ports that were given. */
  readonly addresses: { readonly grpc: string; readonly admin: string }
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

const clock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs).unref()
    return () => {
      clearTimeout(timer)
    }
  },
}

/** Starts a gate. Rejects when an address cannot be bound; does not wait for issuers. */
export async function startGate(config: GateConfig, environment: GateEnvironment): Promise<Gate> {
  const log = new Log(config.log, environment.logDestination)
  const keySets = new KeySets(
    config.issuerKeys,
    keySetsDependencies(log, () => ({ metrics, readiness })),
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
  const grpc = await openEnvoyDoor(config, check, observer, log, onFault)
  readiness.onChange((ready) => {
    grpc.setServing(ready)
    log.info(ready ? 'ready' : 'not ready', { components: readiness.components() })
  })
  const admin = await startAdminServer(
    config.listen.admin.address,
    metrics.registry,
    readiness,
  ).catch(async (fault: unknown) => {
    await grpc.close(0) // Who cannot have both addresses keeps none.
    throw fault
  })
  keySets.start()
  readiness.listening()
  const addresses = { grpc: grpc.address, admin: admin.address }
  log.info('listening', addresses)

  return {
    addresses,
    async shutdown() {
      log.info('shutting down', { drain_ms: config.shutdown.drainMs })
      readiness.draining()
      await new Promise((resolve) => setTimeout(resolve, config.shutdown.drainMs))
      await grpc.close(config.shutdown.graceMs)
      keySets.stop()
      await admin.close()
      log.info('stopped')
    },
  }
}

function keySetsDependencies(
  log: Log,
  telemetry: () => { readonly metrics: Metrics; readonly readiness: Readiness },
): KeySetsDependencies {
  return {
    clock,
    random: Math.random,
    access: ({ timeoutMs, allowInsecure }) => ({
      fetch: (url, init) => fetch(url, init),
      timeoutMs,
      allowInsecure,
      readTextFile: (path) => readFile(path, 'utf8'),
    }),
    observer: {
      refreshed(issuer, fault) {
        telemetry().metrics.refreshed(issuer, fault)
        telemetry().readiness.update()
        if (fault !== undefined) log.warn('key set could not be loaded', { issuer, fault })
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
    neededClaims: config.neededClaims,
    wallMs: clock.wallMs,
  })
  return createCheck({
    policy: config.policy,
    authenticate: createAuthenticate(verifyJwt, tokenCache, config.limits.maxWaitingChecks),
    claimPointers: config.claimPointers,
    clock,
    limits: {
      maxTokenBytes: config.limits.maxTokenBytes,
      budgetMs: config.limits.decisionTimeoutMs,
      maxWaiting: config.limits.maxWaitingChecks,
    },
    onFault,
  })
}

async function openEnvoyDoor(
  config: GateConfig,
  check: Check,
  observer: CheckObserver,
  log: Log,
  onFault: (fault: unknown) => void,
): ReturnType<typeof startGrpcServer> {
  const proto = loadProto()
  const { grpc } = config.listen
  const service = createExtAuthzService({
    check,
    observer,
    nextDecisionId: createDecisionIds(randomBytes(8).toString('hex')),
    monotonicMs: clock.monotonicMs,
    wallMs: clock.wallMs,
    onFault,
    response: {
      serialize: checkMethod(proto).responseSerialize,
      managedHeaders: config.managedHeaders,
      defersUnavailable: grpc.onUnavailable === 'defer',
    },
  })
  const { tls } = grpc
  return await startGrpcServer(
    {
      address: grpc.address,
      tls:
        tls === undefined
          ? undefined
          : {
              ...tls,
              clientCaFile: tls.clientCaFile,
              reloadMs: tlsReloadMs,
              onReloadFault: (fault: unknown) => {
                const detail = fault instanceof Error ? fault.message : String(fault)
                log.warn('changed TLS files cannot be used, the ones before stay', { detail })
              },
            },
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
