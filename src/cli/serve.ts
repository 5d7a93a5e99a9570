/** `scopegate serve`: runs the gate until it is told to stop. */
import { ConfigError, loadConfig, readConfigBytes } from '../config/index.js'
import { startGate } from '../server.js'
import { standardOutput } from '../telemetry/index.js'
import { printProblems, type Output } from './check-config.js'
import { exitCode } from './exit-code.js'
import { keepHeap } from './keep-heap.js'
import { packageVersion } from './version.js'

/** Calls back whenever the process is told to read its files again. */
export type OnReload = (callback: () => void) => void

/** Runs the gate until `stopped` resolves, then drains it. Resolves to the exit code. */
export async function serve(
  path: string,
  stopped: Promise<unknown>,
  output: Output,
  onReload: OnReload = () => undefined,
): Promise<number> {
  // Before the files are loaded: what changes meanwhile is seen as a change.
  const read = async (): Promise<Buffer> => await readConfigBytes(path)
  const initial = await read().catch(() => undefined)
  let config
  try {
    config = await loadConfig(path)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    printProblems(error, output)
    return exitCode.config
  }
  keepHeap()
  const logDestination = standardOutput()
  try {
    const gate = await startGate(config, {
      version: packageVersion(),
      logDestination,
      configSource: { load: async () => await loadConfig(path), read, initial },
    })
    onReload(() => void gate.reload())
    await stopped
    await gate.shutdown()
    return exitCode.good
  } catch (error) {
    output.error(`scopegate: ${error instanceof Error ? error.message : String(error)}`)
    return exitCode.problems
  } finally {
    logDestination.flush()
  }
}
