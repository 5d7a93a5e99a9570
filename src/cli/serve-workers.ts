/**
 * `scopegate serve --workers N`: the primary process. It owns the addresses and the admin port, keeps the workers alive, and
 * decides no request.
 */
import { loadConfig, readConfigTexts, type GateConfig } from '../config/index.js'
import { clock } from '../real-clock.js'
import {
  Log,
  standardOutput,
  startAdminServer,
  WorkerMetrics,
  type AdminServer,
} from '../telemetry/index.js'
import {
  WorkerPool,
  workersAdminSources,
  workersRevocationPage,
  type WorkerFailure,
} from '../workers/index.js'
import type { Output } from './check-config.js'
import { exitCode } from './exit-code.js'
import { forkWorker } from './fork-worker.js'
import { faultLine, noSignals, problemLines, type GateSignals } from './serve.js'

/** Runs a gate of several workers until `stopped` resolves, then drains it. Resolves to the exit code. */
export async function serveWorkers(
  path: string,
  wanted: number,
  stopped: Promise<unknown>,
  output: Output,
  { onReload, onRestart }: GateSignals = noSignals,
): Promise<number> {
  let config: GateConfig
  // Without them the configuration is loaded all the same, and says what cannot be read.
  const texts = await readConfigTexts(path).catch(() => undefined)
  try {
    config = await loadConfig(path, texts)
  } catch (error) {
    for (const line of problemLines(error)) output.error(line)
    return exitCode.config
  }
  const logDestination = standardOutput({ isShared: true })
  const log = new Log(config.log, logDestination)
  let admin: AdminServer | undefined
  try {
    const metrics: WorkerMetrics = new WorkerMetrics(() => pool.counts())
    // The pool has to know where the admin port is, and the admin port is of the pool.
    let bound = ''
    const pool: WorkerPool = new WorkerPool(
      {
        wanted,
        admin: () => bound,
        maxRevocations: config.revocation?.maxEntries ?? 0,
        texts: texts ?? new Map(),
      },
      {
        clock,
        fork: forkWorker,
        noted: (level, message, details) => {
          log[level](message, details)
        },
        restarted: (reason) => {
          metrics.restarted(reason)
        },
        ended: (number) => {
          metrics.ended(number)
        },
      },
    )
    const hasPage = config.revocation?.adminTokenFile !== undefined
    admin = await startAdminServer(
      config.listen.admin.address,
      workersAdminSources(pool, metrics),
      new Map(hasPage ? [['/revocations', workersRevocationPage(pool)]] : []),
    )
    bound = admin.address
    pool.start()
    log.info('workers started', { workers: wanted, admin: admin.address })
    onReload(() => {
      pool.reload()
    })
    onRestart(() => void pool.restart())
    const failure = await Promise.race([pool.ended, stopped.then(() => undefined)])
    return failure === undefined ? await pool.shutdown() : say(failure, output)
  } catch (error) {
    output.error(faultLine(error))
    return exitCode.problems
  } finally {
    await admin?.close()
    logDestination.flush()
  }
}

function say({ lines, exitCode: code }: WorkerFailure, output: Output): number {
  for (const line of lines) output.error(line)
  return code
}
