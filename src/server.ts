/**
 * The composition root: builds every room from a configuration, opens the doors, and closes them again.
 * The only file that imports every room, and the only place where real time, randomness and network come in.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { DestinationStream } from 'pino'
import {
  createDecisionIds,
  LabelRegistry,
  noRevocations,
  type Allow,
  type CheckObserver,
} from './check/index.js'
import { ConfigReload, type ConfigSource } from './config-reload.js'
import type { GateConfig } from './config/index.js'
import { createIntrospections } from './create-introspection.js'
import { createRevocation, type Telemetry } from './create-revocation.js'
import { CurrentDecider } from './current-decider.js'
import { openEnvoyDoor, openHttpDoors, type DoorName } from './doors.js'
import type { IssuerKeyState, KeySetsDependencies } from './jwks/index.js'
import type { Listen } from './listen.js'
import { LoopWatch } from './loop-watch.js'
import { Opened } from './opened.js'
import { clock } from './real-clock.js'
import type { Revocation, RevocationService } from './revocation/index.js'
import { DirectoryFiles } from './snapshot-files.js'
import { createSourceFetch } from './source-fetch.js'
import {
  introspectionComponents,
  issuerReports,
  Log,
  Metrics,
  Readiness,
  startAdminServer,
  type AdminServer,
  type AdminSources,
  type MetricFigures,
} from './telemetry/index.js'

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
   * Reads the configuration and the certificates again now, not only when they change. Resolves to whether the
   * configuration can be used; one that cannot changes nothing. Never rejects.
   */
  reload(): Promise<boolean>
  /**
   * Ends while others take its place at the same addresses: takes no more connections, lets calls under way finish, and
   * cuts what is left after the grace. Says nothing to proxies but that a connection ends.
   */
  retire(): Promise<void>
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
  /** How many cores this process may count on: its share, when it is one of several. */
  readonly cores: number
  /** Where changes of the configuration come from; without it there are none. */
  readonly configSource?: ConfigSource
  /** How this process is one of several that are one gate; without it, it is the only one. */
  readonly asWorker?: WorkerPlace
}

/** What a process that is one of several does otherwise. */
export interface WorkerPlace {
  /** Its number, for the log. */
  readonly number: number
  /** In place of an admin port: there is one for all. Called before the doors open. */
  readonly openAdmin: (
    sources: AdminSources & { readonly figures: () => Promise<MetricFigures> },
    revocation: RevocationService | undefined,
  ) => Promise<AdminServer>
  /** Resolves when the doors may open; `prepared` resolves when nothing else is missing. */
  readonly mayOpen: (prepared: Promise<void>) => Promise<void>
  /** In place of binding addresses: where a door gets its connections from. */
  readonly listenAs: (door: DoorName) => Listen
  /** Puts a revocation in force in the others. Rejects when one of them may not have it. */
  readonly tellWorkers: (revocation: Revocation) => Promise<void>
  /** Told with every change of the readiness. */
  readonly readyChanged: (ready: boolean) => void
}

/**
 * Starts a gate. Rejects when an address cannot be bound or the list of revocations cannot be read; does not wait for
 * issuers, and for a store of revocations two seconds at most.
 */
export async function startGate(config: GateConfig, environment: GateEnvironment): Promise<Gate> {
  const { asWorker } = environment
  const log = new Log(config.log, environment.logDestination, asWorker?.number)
  const telemetry = (): Telemetry => ({ metrics, readiness })
  const revocation = await createRevocation(config, clock, log, telemetry, asWorker?.tellWorkers)
  const onFault = (fault: unknown): void => {
    metrics.failed()
    log.fault(fault)
  }
  const shed = { loop: 0, queue: 0 }
  const loop = new LoopWatch(clock)
  const decider = new CurrentDecider(
    config,
    {
      keySets: keySetsDependencies(config, log, telemetry),
      introspections: (changed, keySets, before) =>
        createIntrospections(
          changed,
          { clock, keySets, fetch: (url, init) => fetch(url, init) },
          log,
          telemetry,
          before,
        ),
      revocations: revocation ?? noRevocations,
      labels: new LabelRegistry(),
      onFault,
      pressure: { loop, shed },
      cores: environment.cores,
    },
    revocation,
  )
  const keyStates = (): readonly IssuerKeyState[] => decider.now.keySets.status()
  const metrics: Metrics = new Metrics({
    version: environment.version,
    keyStates,
    tokenCache: () => decider.now.tokenCache,
    monotonicMs: clock.monotonicMs,
    configLoadedAtMs: clock.wallMs(),
    revocation,
    introspections: () => decider.now.introspections,
    overload: {
      shed,
      loopDelayMs: () => loop.delayMs,
      waiting: () => decider.now.verifications.waiting,
    },
  })
  const readiness: Readiness = new Readiness(keyStates, () => ({
    ...introspectionComponents(decider.now.introspections),
    ...(revocation === undefined ? {} : { revocation: revocation.readiness() }),
    ...(reload === undefined ? {} : { configuration: reload.readiness() }),
  }))
  let reload: ConfigReload | undefined
  const observer: CheckObserver = {
    decided(event) {
      metrics.decided(event)
      log.decided(event)
    },
  }
  const dependencies = {
    check: decider.check,
    managedHeaders: (allow: Allow) => decider.managedHeaders(allow),
    observer,
    nextDecisionId: createDecisionIds(randomBytes(8).toString('hex')),
    monotonicMs: clock.monotonicMs,
    wallMs: clock.wallMs,
    onFault,
    listenAs: asWorker?.listenAs,
  }
  const opened = new Opened()
  try {
    // Before the doors, so that a restart lets nothing in that was revoked.
    await opened.add(revocation === undefined ? Promise.resolve(undefined) : revocation.start())
    const sources: AdminSources = {
      registry: metrics.registry,
      readiness,
      issuers: () => issuerReports(keyStates(), clock, decider.now.introspections),
    }
    const admin = await opened.add(
      asWorker?.openAdmin(
        { ...sources, figures: async () => await metrics.registry.getMetricsAsJSON() },
        revocation,
      ) ?? startAdminServer(config.listen.admin.address, sources, revocation?.pages()),
    )
    if (asWorker !== undefined) {
      // Connections come to every worker that listens: one without keys would refuse what the others allow.
      decider.start()
      await asWorker.mayOpen(readiness.prepared())
    }
    const grpc = await opened.add(openEnvoyDoor(config, dependencies, log))
    const http = await opened.add(openHttpDoors(config, dependencies, log))
    readiness.onChange((ready) => {
      grpc?.setServing(ready)
      asWorker?.readyChanged(ready)
      log.info(ready ? 'ready' : 'not ready', { components: readiness.components() })
    })
    if (asWorker === undefined) decider.start()
    if (environment.configSource !== undefined) {
      reload = new ConfigReload(environment.configSource, config, {
        clock,
        use: async (changed) => {
          await decider.use(changed)
        },
        reloaded: (succeeded) => {
          metrics.reloaded(succeeded, clock.wallMs())
          readiness.update()
        },
        noted: (level, message, details) => {
          log[level](message, details)
        },
      })
    }
    const addresses = {
      ...(grpc === undefined ? {} : { grpc: grpc.address }),
      ...(http === undefined ? {} : { http: http.address }),
      admin: admin.address,
    }
    log.info('listening', addresses)
    readiness.listening()

    async function close(): Promise<void> {
      const { graceMs } = decider.now.config.shutdown
      await Promise.all([grpc?.close(graceMs), http?.close(graceMs)])
      reload?.stop()
      decider.stop()
      loop.stop()
      revocation?.close()
      await admin.close()
      log.info('stopped')
    }

    return {
      addresses,
      async reload() {
        await Promise.all([grpc?.reloadCertificates(), http?.reloadCertificates()])
        return (await reload?.reload()) ?? false
      },
      async retire() {
        log.info('ending, another worker is in place')
        http?.drain()
        await close()
      },
      async shutdown() {
        const { drainMs } = decider.now.config.shutdown
        log.info('shutting down', { drain_ms: drainMs })
        readiness.draining()
        http?.drain()
        await new Promise((resolve) => setTimeout(resolve, drainMs))
        await close()
      },
    }
  } catch (fault) {
    loop.stop()
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
