/** Ends a child process by its id and waits until it is gone. */
import type { ChildProcess } from 'node:child_process'

const patienceMs = 15_000

/**
 * Sends the signal, unless the process has ended, and resolves to its exit code; null when a signal ended it. A process
 * that does not end within 15 seconds is killed, and the promise rejects.
 */
export async function endProcess(
  child: ChildProcess,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  return await new Promise((resolve, reject) => {
    const kill = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`process ${String(child.pid)} ignored ${signal}`))
    }, patienceMs)
    child.once('exit', (code) => {
      clearTimeout(kill)
      resolve(code)
    })
    child.kill(signal)
  })
}
