/** A real redis-server of Debian on a free port, in memory only, in a process that a test may end and start again. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endProcess } from './end-process.js'
import { freePorts } from './free-ports.js'

export interface RedisServer {
  readonly port: number
  /** Starts it again after `kill`, on the same port and empty. */
  start(): Promise<void>
  /** Ends it without a word to anybody. */
  kill(): Promise<void>
  /** Stops it from answering, with its connections open; `SIGCONT` lets it go on. */
  signal(signal: NodeJS.Signals): void
  readonly close: () => Promise<void>
}

/** Starts a server with further settings, one a line. Rejects when it cannot be started. */
export async function startRedisServer(settings: readonly string[] = []): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'scopegate-redis-'))
  const [port = 0] = await freePorts(1)
  const isTls = settings.some((line) => line.startsWith('tls-cert-file'))
  const file = join(directory, 'redis.conf')
  const lines = [
    isTls ? `port 0\ntls-port ${String(port)}` : `port ${String(port)}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    'save ""',
    'appendonly no',
    ...settings,
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    const started = spawn('redis-server', [file], { stdio: ['ignore', 'pipe', 'pipe'] })
    child = started
    let output = ''
    await new Promise<void>((resolve, reject) => {
      started.once('error', reject)
      started.once('exit', () => {
        reject(new Error(`redis-server ended: ${output}`))
      })
      for (const stream of [started.stdout, started.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text
          if (output.includes('Ready to accept connections')) resolve()
        })
      }
    })
  }

  async function kill(): Promise<void> {
    if (child !== undefined) await endProcess(child, 'SIGKILL')
  }

  await start()
  return {
    port,
    start,
    kill,
    signal(signal) {
      child?.kill(signal)
    },
    async close() {
      await kill()
      await rm(directory, { recursive: true })
    },
  }
}
