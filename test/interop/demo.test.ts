/** `make demo` as a newcomer sees it: deploy/demo/run.mjs in a process of its own, on free ports. */
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { endProcess } from '../support/end-process.js'
import { freePorts } from '../support/free-ports.js'
import { until } from '../support/until.js'

const variables = [
  ...['DEMO_PROXY_PORT', 'DEMO_GATE_PORT', 'DEMO_GATE_HTTP_PORT', 'DEMO_GATE_ADMIN_PORT'],
  ...['DEMO_ISSUER_PORT', 'DEMO_UPSTREAM_PORT', 'DEMO_PROXY_ADMIN_PORT'],
  'DEMO_PROXY_QUESTIONS_PORT',
] as const

interface Demo {
  readonly ports: Readonly<Record<(typeof variables)[number], number>>
  readonly directory: string
  output(): string
  /** Resolves to the exit code once it has ended. */
  ended(): Promise<number | null>
  signal(signal: NodeJS.Signals): void
}

const known = ['envoy', 'envoy-http', 'nginx', 'traefik', 'caddy', 'haproxy']

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function startDemo(...args: readonly string[]): Promise<Demo> {
  const directory = await mkdtemp(join(tmpdir(), 'scopegate-demo-'))
  cleanups.push(async () => {
    await rm(directory, { recursive: true })
  })
  const free = await freePorts(variables.length)
  const ports = Object.fromEntries(variables.map((name, i) => [name, free[i]])) as Demo['ports']
  const environment: Record<string, string> = Object.fromEntries(
    Object.entries(ports).map(([name, port]) => [name, String(port)]),
  )
  const child = spawn(process.execPath, ['deploy/demo/run.mjs', ...args], {
    env: { ...process.env, ...environment, DEMO_DIRECTORY: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  cleanups.push(async () => await endProcess(child))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const code = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    ...{ ports, directory },
    output: () => output,
    ended: async () => await code,
    signal: (signal) => {
      child.kill(signal)
    },
  }
}

/** Starts the demo and waits until it has shown its session and stays. */
async function startStayingDemo(): Promise<Demo> {
  const demo = await startDemo()
  await until(() => demo.output().includes('Ctrl-C'), 'the end of the session', 30_000)
  return demo
}

/** The ports on which somebody still listens. */
async function listening(ports: readonly number[]): Promise<number[]> {
  const answers = await Promise.all(
    ports.map(async (port) => {
      const server = createServer()
      return await new Promise<number | undefined>((resolve) => {
        server.once('error', () => {
          resolve(port)
        })
        server.listen(port, '127.0.0.1', () =>
          server.close(() => {
            resolve(undefined)
          }),
        )
      })
    }),
  )
  return answers.filter((port) => port !== undefined)
}

function statusLines(output: string): string[] {
  return [...output.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status ?? '')
}

describe('the demo', () => {
  it.each(known)('shows a session with real answers through %s and ends', async (proxy) => {
    const demo = await startDemo('--once', '--proxy', proxy)
    expect([await demo.ended(), demo.output()]).toEqual([0, expect.anything() as string])
    const output = demo.output()
    expect(statusLines(output)).toEqual(['401', '403', '200', '200', '200'])
    expect(output).toMatch(/^TOKEN=eyJ\S+$/m)
    expect(output).toContain('www-authenticate: Bearer realm="users", scope="read:users"\n')
    expect(output).toContain('error="insufficient_scope"')
    expect(output.match(/"x-auth-subject": "demo"/g)).toHaveLength(2)
    expect(output).not.toContain('"x-auth-subject": "admin"')
    expect(output).toContain('Every answer was as it should be.')
    expect(await listening(Object.values(demo.ports))).toEqual([])
    const token = /^TOKEN=(eyJ\S+)$/m.exec(output)?.[1] ?? ''
    for (const log of [proxy, 'scopegate', 'issuer']) {
      expect(await readFile(join(demo.directory, `${log}.log`), 'utf8')).not.toContain(token)
    }
  })

  it('prints lines that work in a shell, and ends on Ctrl-C with exit code 0', async () => {
    const demo = await startStayingDemo()
    // The two lines that set TOKEN, and the five that use it.
    const lines = demo.output().match(/^(?:TOKEN=|curl ).*$/gm) ?? []
    expect(lines).toHaveLength(7)
    const { stdout } = await promisify(execFile)('bash', ['-c', lines.join('\n')])
    expect(statusLines(stdout)).toEqual(['401', '403', '200', '200', '200'])
    demo.signal('SIGINT')
    expect([await demo.ended(), await listening(Object.values(demo.ports))]).toEqual([0, []])
  })

  it('says which process was lost, ends the others, and ends with exit code 1', async () => {
    const demo = await startStayingDemo()
    const { DEMO_PROXY_ADMIN_PORT: admin } = demo.ports
    await fetch(`http://127.0.0.1:${String(admin)}/quitquitquit`, { method: 'POST' })
    expect(await demo.ended()).toBe(1)
    expect(demo.output()).toContain('demo: envoy ended with exit code 0; the end of ')
    expect(await listening(Object.values(demo.ports))).toEqual([])
  })

  it('says which proxies there are', async () => {
    const demo = await startDemo('--once', '--proxy', 'apache')
    expect(await demo.ended()).toBe(1)
    expect(demo.output()).toBe(`demo: PROXY=apache is none of ${known.join(', ')}\n`)
  })

  it('says which port is taken before it starts anything', async () => {
    const server = createServer()
    const [port = 0] = await freePorts(1)
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    cleanups.push(async () => await new Promise((resolve) => server.close(resolve)))
    const env = { ...process.env, DEMO_PROXY_PORT: String(port) }
    await expect(
      promisify(execFile)(process.execPath, ['deploy/demo/run.mjs', '--once'], { env }),
    ).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        `port ${String(port)} (the proxy) is taken: end what listens there, or set DEMO_PROXY_PORT`,
      ) as string,
    })
  })
})
