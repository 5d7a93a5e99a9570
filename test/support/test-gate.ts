/** A whole gate on free ports, from configuration text to metrics and log lines, inside the test's process. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { loadConfig, readConfigBytes } from '../../src/config/index.js'
import { startGate } from '../../src/server.js'
import { createCheckClient, type CheckClient } from './check-client.js'
import { collectLogLine } from './log-collector.js'
import { testAudience, type TestAuthorizationServer } from './authorization-server.js'
import { until } from './until.js'

export interface TestGate {
  readonly client: CheckClient
  readonly addresses: { readonly grpc: string; readonly http: string; readonly admin: string }
  /** Everything logged so far, parsed. */
  readonly log: Record<string, unknown>[]
  metrics(): Promise<string>
  /** Writes another configuration, or a text, into the file of the gate, and reads it again. */
  reconfigure(config: Settings | string): Promise<boolean>
  /** The file of the gate, which it watches. */
  readonly file: string
  readyz(): Promise<{
    status: number
    body: { ready: boolean; components: Record<string, { ready: boolean; detail?: string }> }
  }>
  close(): Promise<void>
}

type Settings = Record<string, unknown>

/** The gate shares its event loop with its test, and the machine with others: being late is no sign of overload here. */
const slowIsNoOverload = { maxQueueMs: 60_000, maxLoopDelayMs: 60_000 }

/** Two routes that most tests need: `/read` for the scope read:users, and `/health` for everybody. */
export function testConfig(
  issuer: TestAuthorizationServer | string,
  changes: Settings = {},
): Settings {
  return {
    issuers: [{ id: 'main', issuer: typeof issuer === 'string' ? issuer : issuer.issuer }],
    resources: [
      {
        id: 'users-api',
        audiences: [testAudience],
        realm: 'users',
        upstreamHeaders: { 'x-auth-subject': '/sub', 'x-auth-scope': '/scope' },
        routes: [
          { id: 'read', methods: ['GET'], path: '/read', scopes: ['read:users'] },
          {
            id: 'create',
            methods: ['POST'],
            path: '/create',
            scopes: ['create:users', 'read:users'],
          },
          { id: 'health', path: '/health', access: 'public' },
          { id: 'me', path: '/me/**', access: 'authenticated' },
        ],
      },
    ],
    ...changes,
  }
}

/** Starts a gate and waits until it is ready, unless told not to. */
export async function startTestGate(
  config: Settings,
  options: { awaitReady?: boolean } = {},
): Promise<TestGate> {
  const directory = await mkdtemp(join(tmpdir(), 'scopegate-test-'))
  const file = join(directory, 'scopegate.yaml')
  const write = async (settings: Settings): Promise<void> => {
    const listen = (settings['listen'] ?? {}) as Record<string, object>
    await writeFile(
      file,
      stringify({
        shutdown: { drainSeconds: 0, graceSeconds: 2 },
        ...settings,
        limits: { ...slowIsNoOverload, ...(settings['limits'] as object | undefined) },
        listen: {
          ...listen,
          grpc: { address: '127.0.0.1:0', ...listen['grpc'] },
          http: { address: '127.0.0.1:0', trustedProxies: ['127.0.0.1/32'], ...listen['http'] },
          admin: { address: '127.0.0.1:0' },
        },
      }),
    )
  }
  await write(config)
  const read = async (): Promise<Buffer> => await readConfigBytes(file)
  const configSource = { load: async () => await loadConfig(file), read, initial: await read() }
  const log: Record<string, unknown>[] = []
  const gate = await startGate(await loadConfig(file), {
    version: '0.0.0-test',
    cores: 4,
    configSource,
    logDestination: {
      write(line: string) {
        collectLogLine(line)
        log.push(JSON.parse(line) as Record<string, unknown>)
      },
    },
  })
  const addresses = { grpc: '', http: '', ...gate.addresses }
  const client = createCheckClient(addresses.grpc)
  const testGate: TestGate = {
    client,
    addresses,
    log,
    file,
    async reconfigure(changed) {
      await (typeof changed === 'string' ? writeFile(file, changed) : write(changed))
      return await gate.reload()
    },
    async metrics() {
      return await (await fetch(`http://${gate.addresses.admin}/metrics`)).text()
    },
    async readyz() {
      const response = await fetch(`http://${gate.addresses.admin}/readyz`)
      return { status: response.status, body: (await response.json()) as never }
    },
    async close() {
      client.close()
      await gate.shutdown()
      await rm(directory, { recursive: true })
    },
  }
  if (options.awaitReady !== false) {
    await until(async () => (await testGate.readyz()).status === 200)
  }
  return testGate
}
