/**
 * The composition root: builds every room from a configuration, opens the doors, and closes them again.
 * The only file that imports every room, and the only place where real time, randomness and network come in.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { DestinationStream } from 'pino'
import {
  createCheck,
  createDecisionIds,
  noRevocations,
  type Check,
  type CheckObserver,
  type Revocations,
} from './check/index.js'
import type { GateConfig } from './config/index.js'
import { createRevocation, type Telemetry } from './create-revocation.js'
import { openEnvoyDoor, openHttpDoors } from './doors.js'
import { KeySets, type KeySetsDependencies } from './jwks/index.js'
import { Opened } from './opened.js'
import { clock } from './real-clock.js'
import { DirectoryFiles } from './snapshot-files.js'
import { createSourceFetch } from './source-fetch.js'
import { issuerReports, Log, Metrics, Readiness, startAdminServer } from './telemetry/index.js'
import { createAuthenticate, createJwtVerifier, TokenCache } from './token/index.js'

/** Where a gate listens. What it has no door for is missing. */
export interface Addresses {
  readonly grpc?: string
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

/**
 * Starts a gate. Rejects when an address cannot be bound or the list of revocations cannot be read; does not wait for
 * issuers, and for a store of revocations two seconds at most.
 */
export async function startGate(config: GateConfig, environment: GateEnvironment): Promise<Gate> {
  const log = new Log(config.log, environment.logDestination)
  const telemetry = (): Telemetry => ({ metrics, readiness })
  const keySets = new KeySets(config.issuerKeys, keySetsDependencies(config, log, telemetry))
  const tokenCache = new TokenCache(
    {
      maxTokens: config.limits.maxCachedTokens,
      maxBytes: config.limits.maxCacheBytes,
      maxRejections,
      rejectionTtlMs,
    },
    clock,
  )
  const revocation = await createRevocation(config, clock, log, telemetry)
  const metrics: Metrics = new Metrics({
    version: environment.version,
    keyStates: () => keySets.status(),
    tokenCache,
    monotonicMs: clock.monotonicMs,
    configLoadedAtMs: clock.wallMs(),
    revocation,
  })
  const readiness: Readiness = new Readiness(
    () => keySets.status(),
    () => (revocation === undefined ? {} : { revocation: revocation.readiness() }),
  )
  const onFault = (fault: unknown): void => {
    metrics.failed()
    log.fault(fault)
  }
  const check = buildCheck(config, keySets, tokenCache, revocation ?? noRevocations, onFault)
  const observer: CheckObserver = {
    decided(event) {
      metrics.decided(event)
      log.decided(event)
    },
  }
  const dependencies = {
    check,
    observer,
    nextDecisionId: createDecisionIds(randomBytes(8).toString('hex')),
    monotonicMs: clock.monotonicMs,
    wallMs: clock.wallMs,
    onFault,
  }
  const opened = new Opened()
  try {
    // Before the doors, so that a restart lets nothing in that was revoked.
    await opened.add(revocation === undefined ? Promise.resolve(undefined) : revocation.start())
    const grpc = await opened.add(openEnvoyDoor(config, dependencies, log))
    const http = await opened.add(openHttpDoors(config, dependencies, log))
    const admin = await opened.add(
      startAdminServer(
        config.listen.admin.address,
        {
          registry: metrics.registry,
          readiness,
          issuers: () => issuerReports(keySets.status(), clock),
        },
        revocation?.pages(),
      ),
    )
    readiness.onChange((ready) => {
      grpc?.setServing(ready)
      log.info(ready ? 'ready' : 'not ready', { components: readiness.components() })
    })
    keySets.start()
    readiness.listening()
    const addresses = {
      ...(grpc === undefined ? {} : { grpc: grpc.address }),
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
        await Promise.all([grpc?.close(graceMs), http?.close(graceMs)])
        keySets.stop()
        revocation?.close()
        await admin.close()
        log.info('stopped')
      },
    }
  } catch (fault) {
    await opened.close() // Who cannot have all addresses keeps none.
    throw fault
  }
}

function keySetsDependencies(
  { keysSnapshotDir }: GateConfig,
  log: Log,
  telemetry: () => Telemetry,
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
  revocations: Revocations,
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
    implyScopes: config.implyScopes,
    revocations,
    clock,
    limits: {
      maxTokenBytes: config.limits.maxTokenBytes,
      budgetMs: config.limits.decisionTimeoutMs,
    },
    onFault,
  })
}
