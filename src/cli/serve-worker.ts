/**
 * `scopegate serve` as one of several workers.
 *
 * The rules are:
 *   - signals are for the primary, also those that a terminal or a service manager sends to every process;
 *   - while the files hold a configuration that cannot be used, a worker starts with the last one that could: a worker
 *     that is lost must not be lost for good because somebody made a mistake meanwhile.
 */
import { ConfigError, loadConfig, readConfigBytes, readConfigTexts } from '../config/index.js'
import type { ConfigSource } from '../config-reload.js'
import { clock } from '../real-clock.js'
import { startGate } from '../server.js'
import { standardOutput } from '../telemetry/index.js'
import { WorkerLink, type Pipe } from '../workers/index.js'
import { exitCode } from './exit-code.js'
import { keepHeap } from './keep-heap.js'
import { faultLine, problemLines } from './serve.js'
import { packageVersion } from './version.js'
import { coresForEach } from './workers-flag.js'

/** Runs as one of so many workers until the primary says that it is enough. Resolves to the exit code. */
export async function serveWorker(
  path: string,
  { number, pipe }: { readonly number: number; readonly pipe: Pipe },
  workers: number,
): Promise<number> {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const) {
    process.on(signal, () => undefined)
  }
  const link = new WorkerLink(number, pipe, clock)
  keepHeap()
  const logDestination = standardOutput({ isShared: true })
  try {
    const { config, source } = await loadOrLastGood(path, link)
    let { shutdown } = config
    const gate = await startGate(config, {
      version: packageVersion(),
      logDestination,
      cores: coresForEach(workers),
      configSource: {
        ...source,
        load: async () => {
          const changed = await source.load()
          shutdown = changed.shutdown
          return changed
        },
      },
      asWorker: {
        number,
        openAdmin: async (sources, revocation) => await link.openAdmin(sources, revocation),
        mayOpen: async (prepared) => {
          await link.mayOpen(prepared)
        },
        listenAs: (door) => link.listenAs(door),
        tellWorkers: async (revocation) => {
          await link.tellWorkers(revocation)
        },
        readyChanged: (ready) => {
          link.readyChanged(ready)
        },
      },
    })
    link.uses(
      () => void gate.reload(),
      () => shutdown.drainMs + shutdown.graceMs,
    )
    link.listening()
    if ((await link.ending) === 'retire') await gate.retire()
    else await gate.shutdown()
    return exitCode.good
  } catch (error) {
    const isConfig = error instanceof ConfigError
    const code = isConfig ? exitCode.config : exitCode.problems
    const lines = isConfig ? problemLines(error) : [faultLine(error)]
    await link.failed({ lines, exitCode: code })
    return code
  } finally {
    logDestination.flush()
  }
}

/** The configuration to start with, and where the next ones come from. Rejects when neither can be used. */
async function loadOrLastGood(
  path: string,
  link: WorkerLink,
): Promise<{ config: Awaited<ReturnType<typeof loadConfig>>; source: ConfigSource }> {
  const read = async (): Promise<Buffer> => await readConfigBytes(path)
  const load: ConfigSource['load'] = async () => {
    const texts = await readConfigTexts(path).catch(() => undefined)
    const config = await loadConfig(path, texts)
    if (texts !== undefined) link.loaded(texts)
    return config
  }
  // Before the files are loaded: what changes meanwhile is seen as a change.
  const initial = await read().catch(() => undefined)
  try {
    return { config: await load(), source: { load, read, initial } }
  } catch (error) {
    const texts = await link.lastGood()
    if (!(error instanceof ConfigError) || texts.size === 0) throw error
    // Without an initial content what the files hold is a change, which is refused and told like every other one.
    return { config: await loadConfig(path, texts), source: { load, read, initial: undefined } }
  }
}
