/** A demo that stays, on free ports, for the commands that documents show. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endProcess } from './end-process.js'
import { freePorts } from './free-ports.js'
import { until } from './until.js'

const usualPorts = {
  DEMO_PROXY_PORT: '8000',
  DEMO_ISSUER_PORT: '9400',
  DEMO_GATE_PORT: '50051',
  DEMO_GATE_HTTP_PORT: '8080',
  DEMO_GATE_ADMIN_PORT: '8081',
  DEMO_UPSTREAM_PORT: '8002',
  DEMO_PROXY_ADMIN_PORT: '9901',
  DEMO_PROXY_QUESTIONS_PORT: '8010',
}

export interface RunningDemo {
  /** The text with the demo's own ports in place of the usual ones. */
  readonly withPorts: (text: string) => string
  /** Of client `demo`, for the scope read:users. */
  readonly token: string
  /** Ends it as Ctrl-C does; resolves to its exit code. */
  readonly stop: () => Promise<number | null>
}

export async function startRunningDemo(proxy: string): Promise<RunningDemo> {
  const directory = await mkdtemp(join(tmpdir(), 'scopegate-demo-'))
  const names = Object.keys(usualPorts)
  const ports = await freePorts(names.length)
  const environment = Object.fromEntries(names.map((name, i) => [name, String(ports[i])]))
  const child = spawn(process.execPath, ['deploy/demo/run.mjs', '--proxy', proxy], {
    env: { ...process.env, ...environment, DEMO_DIRECTORY: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  async function stop(): Promise<number | null> {
    const code = await endProcess(child, 'SIGINT')
    await rm(directory, { recursive: true })
    return code
  }
  try {
    await until(
      () => {
        if (child.exitCode !== null) throw new Error(output)
        return output.includes('Ctrl-C')
      },
      'the demo',
      60_000,
    )
  } catch (fault) {
    await stop()
    throw fault
  }
  return {
    withPorts: (text) =>
      Object.values(usualPorts).reduce(
        (result, port, index) => result.replaceAll(`:${port}`, `:${String(ports[index])}`),
        text,
      ),
    token: /^TOKEN=(eyJ\S+)$/m.exec(output)?.[1] ?? '',
    stop,
  }
}
