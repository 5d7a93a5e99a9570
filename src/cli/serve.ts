/** `scopegate serve` in one process: runs the gate until it is told to stop. */
import {
  ConfigError,
  formatProblem,
  loadConfig,
  readConfigBytes,
  type GateConfig,
} from '../config/index.js'
import { startGate } from '../server.js'
import { standardOutput } from '../telemetry/index.js'
import { counted, type Output } from './check-config.js'
import { exitCode } from './exit-code.js'
import { keepHeap } from './keep-heap.js'
import { packageVersion } from './version.js'
import { coresForEach } from './workers-flag.js'

/** Calls back whenever the process gets the signal. */
export type OnSignal = (callback: () => void) => void

/** What operators tell a gate that runs, but that it is to end. */
export interface GateSignals {
  /** To read its files again. */
  readonly onReload: OnSignal
  /** To replace one worker after the other. */
  readonly onRestart: OnSignal
}

/** A process that nobody tells anything. */
export const noSignals: GateSignals = { onReload: () => undefined, onRestart: () => undefined }

/** Runs the gate until `stopped` resolves, then drains it. Resolves to the exit code. */
export async function serve(
  path: string,
  stopped: Promise<unknown>,
  output: Output,
  { onReload }: GateSignals = noSignals,
): Promise<number> {
  // Before the files are loaded: what changes meanwhile is seen as a change.
  const read = async (): Promise<Buffer> => await readConfigBytes(path)
  const initial = await read().catch(() => undefined)
  let config: GateConfig
  try {
    config = await loadConfig(path)
  } catch (error) {
    for (const line of problemLines(error)) output.error(line)
    return exitCode.config
  }
  keepHeap()
  const logDestination = standardOutput()
  try {
    const gate = await startGate(config, {
      version: packageVersion(),
      logDestination,
      cores: coresForEach(1),
      configSource: { load: async () => await loadConfig(path), read, initial },
    })
    onReload(() => void gate.reload())
    await stopped
    await gate.shutdown()
    return exitCode.good
  } catch (error) {
    output.error(faultLine(error))
    return exitCode.problems
  } finally {
    logDestination.flush()
  }
}

/** Every problem of a configuration that cannot be used, and how many there are. Throws what is something else. */
export function problemLines(error: unknown): readonly string[] {
  if (!(error instanceof ConfigError)) throw error
  return [...error.problems.map(formatProblem), counted(error.problems.length, 'problem')]
}

/** Why a gate could not start, in one line. */
export function faultLine(error: unknown): string {
  return `scopegate: ${error instanceof Error ? error.message : String(error)}`
}
