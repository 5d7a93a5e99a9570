/** A real Envoy that runs a file as it is shipped, mostly deploy/envoy/envoy.yaml, with other ports. */
import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endProcess } from './end-process.js'
import { wheelBinary } from './proxies/proxy.js'
import { shippedFile, type Replacement } from './shipped-file.js'
import { until } from './until.js'

export interface EnvoyOptions {
  /** `host:port` of every gate. */
  readonly gates: readonly string[]
  readonly upstreamPort: number
  readonly replace?: readonly Replacement[]
  /** Worker threads, each with its own connections to the gate; one without it. */
  readonly concurrency?: number
}

export interface TestEnvoy {
  readonly port: number
  readonly url: string
  /** The text of one of the admin server's pages, such as `/stats`. */
  admin(path: string): Promise<string>
  /** Every line of the access log so far, parsed. */
  accessLog(): Promise<Record<string, unknown>[]>
  readonly stop: () => Promise<void>
}

/** What opens the gate when it does not answer; no fail-open audit means anything without it. */
export const failOpen: Replacement = ['failure_mode_allow: false', 'failure_mode_allow: true']

/** Lets names with underscores in, so that it is Scopegate's stripping that is seen. */
export const allowUnderscores: Replacement = [
  'headers_with_underscores_action: REJECT_REQUEST',
  'headers_with_underscores_action: ALLOW',
]

/** Paths reach Scopegate and the upstream as the client sent them. */
export const noNormalisation: readonly Replacement[] = [
  ['normalize_path: true', 'normalize_path: false'],
  ['merge_slashes: true', 'merge_slashes: false'],
  [
    'path_with_escaped_slashes_action: REJECT_REQUEST',
    'path_with_escaped_slashes_action: KEEP_UNCHANGED',
  ],
]

const gateEndpoint =
  '- endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: 50051 } } }'

/** The shipped file with the ports of a test and its replacements. */
async function envoyConfiguration(options: EnvoyOptions): Promise<string> {
  const endpoints = options.gates.map((gate) => {
    const port = gate.slice(gate.lastIndexOf(':') + 1)
    return gateEndpoint.replace('50051', port)
  })
  return await shippedFile('deploy/envoy/envoy.yaml', [
    ['port_value: 8000', 'port_value: 0'],
    ['port_value: 9901', 'port_value: 0'],
    ['port_value: 8002', `port_value: ${String(options.upstreamPort)}`],
    [gateEndpoint, endpoints.join('\n              ')],
    ...(options.replace ?? []),
  ])
}

/** Starts an Envoy with the shipped file and waits until it takes requests. */
export async function startEnvoy(options: EnvoyOptions): Promise<TestEnvoy> {
  return await startEnvoyWith(await envoyConfiguration(options), options.concurrency)
}

/** The same with the text of another file, whose own ports have to be free: 0 for any. */
export async function startEnvoyWith(configuration: string, concurrency = 1): Promise<TestEnvoy> {
  const binary = wheelBinary('envoy/_bin/envoy')
  const directory = await mkdtemp(join(tmpdir(), 'scopegate-envoy-'))
  const file = (name: string): string => join(directory, name)
  await writeFile(file('envoy.yaml'), configuration)
  const child = spawn(
    binary,
    [
      ...['--config-path', file('envoy.yaml'), '--admin-address-path', file('admin')],
      ...['--concurrency', String(concurrency), '--disable-hot-restart', '--log-level', 'warning'],
      ...['--file-flush-interval-msec', '20', '--drain-time-s', '1'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  child.stdout.pipe(createWriteStream(file('stdout')))
  child.stderr.pipe(createWriteStream(file('stderr')))

  async function stop(): Promise<void> {
    await endProcess(child)
    await rm(directory, { recursive: true })
  }

  async function admin(path: string): Promise<string> {
    const address = await readFile(file('admin'), 'utf8')
    return await (await fetch(`http://${address}${path}`)).text()
  }

  async function isReady(): Promise<boolean> {
    if (child.exitCode !== null) throw new Error(await readFile(file('stderr'), 'utf8'))
    return await admin('/ready').then(
      (text) => text.trim() === 'LIVE',
      () => false,
    )
  }

  try {
    await until(isReady, 'Envoy’s readiness')
    const listeners = JSON.parse(await admin('/listeners?format=json')) as ListenerList
    const port = listeners.listener_statuses[0]?.local_address.socket_address.port_value
    if (port === undefined) throw new Error('Envoy has no listener')
    return {
      port,
      url: `http://127.0.0.1:${String(port)}`,
      admin,
      async accessLog() {
        const lines = (await readFile(file('stdout'), 'utf8')).split('\n')
        return lines
          .filter((line) => line.startsWith('{') && line.endsWith('}'))
          .map((line) => JSON.parse(line) as Record<string, unknown>)
      },
      stop,
    }
  } catch (fault) {
    await stop()
    throw fault
  }
}

interface ListenerList {
  readonly listener_statuses: readonly {
    readonly local_address: { readonly socket_address: { readonly port_value: number } }
  }[]
}
