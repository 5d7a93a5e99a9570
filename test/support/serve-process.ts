/** The product as operators run it: `node dist/main.js serve` in a process of its own, on free ports. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { endProcess } from './end-process.js'
import { collectLogLine } from './log-collector.js'
import { until } from './until.js'

export interface ServeProcess {
  readonly addresses: { readonly grpc: string; readonly http?: string; readonly admin: string }
  readonly pid: number
  /** Its configuration. */
  readonly file: string
  /** Sends the signal and resolves to the exit code; null when the signal ended it. */
  end(signal?: NodeJS.Signals): Promise<number | null>
  /** Kills it if it still runs, without waiting for its drain time, and removes its files. */
  readonly close: () => Promise<void>
  /** Everything that it said so far. */
  output(): string
}

/** Several processes that start together on a busy machine take their time. */
const startMs = 60_000

/**
 * Starts the built gate on a file of its own and waits until it is ready. Rejects when there is no build. `grpc` is for a
 * gate that comes back where it was, `flags` follow `serve`.
 */
export async function startServeProcess(
  config: Record<string, unknown>,
  grpc = '127.0.0.1:0',
  flags: readonly string[] = [],
): Promise<ServeProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'scopegate-serve-'))
  const file = join(directory, 'scopegate.yaml')
  const listen = {
    ...(config['listen'] as object | undefined),
    grpc: { ...(config['listen'] as { grpc?: object } | undefined)?.grpc, address: grpc },
    admin: { address: '127.0.0.1:0' },
  }
  await writeFile(file, stringify({ ...config, listen }))
  const remove = async (): Promise<void> => {
    await rm(directory, { recursive: true })
  }
  try {
    const gate = await startServeProcessOn(file, flags)
    return {
      ...gate,
      close: async () => {
        await gate.close()
        await remove()
      },
    }
  } catch (fault) {
    await remove()
    throw fault
  }
}

/** The same on a file or directory of the caller, who removes it. */
export async function startServeProcessOn(
  path: string,
  flags: readonly string[] = [],
): Promise<ServeProcess> {
  const main = resolve('dist/main.js')
  if (!existsSync(main)) throw new Error('no dist/main.js: npm run build')
  const child = spawn(process.execPath, [main, 'serve', '--config', path, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      collectLogLine(text)
      output += text
    })
  }
  async function close(): Promise<void> {
    await endProcess(child, 'SIGKILL')
  }

  try {
    let addresses: ServeProcess['addresses'] | undefined
    await until(
      () => {
        if (child.exitCode !== null) throw new Error(output)
        addresses = listeningAddresses(output)
        return addresses !== undefined
      },
      'the gate’s "listening" line',
      startMs,
    )
    if (addresses === undefined) throw new Error(output)
    const { admin } = addresses
    await until(
      async () => (await fetch(`http://${admin}/readyz`)).ok,
      'the gate’s readiness',
      startMs,
    )
    return {
      addresses,
      pid: child.pid ?? 0,
      file: path,
      end: async (signal) => await endProcess(child, signal),
      close,
      output: () => output,
    }
  } catch (fault) {
    await close()
    throw fault
  }
}

function listeningAddresses(output: string): ServeProcess['addresses'] | undefined {
  const line = output.split('\n').find((text) => text.includes('"msg":"listening"'))
  return line === undefined ? undefined : (JSON.parse(line) as ServeProcess['addresses'])
}
