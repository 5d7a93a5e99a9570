/** What is special to Caddy: its own checker, a gate that answers wrongly and the log. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startEchoUpstream, type EchoUpstream } from '../support/echo-upstream.js'
import { caddy, caddyCommand, caddyEnvironment } from '../support/proxies/caddy.js'
import type { RunningProxy } from '../support/proxies/proxy.js'
import { allow, startByteGate, type ByteGate } from '../support/proxy-peers.js'
import { startProxyStack } from '../support/proxy-stack.js'
import { apiHost, rawRequest, sendRaw } from '../support/raw-http.js'
import { until } from '../support/until.js'

const file = 'deploy/caddy/Caddyfile'
const get = (path: string, ...lines: string[]): string =>
  rawRequest(`GET ${path} HTTP/1.1`, apiHost, ...lines)

describe('the shipped file', () => {
  async function run(...args: string[]): Promise<string> {
    const env = { ...process.env, ...caddyEnvironment }
    const { stdout, stderr } = await promisify(execFile)(caddyCommand(), args, { env })
    return stdout + stderr
  }

  it('is valid', async () => {
    expect(await run('validate', '--config', file)).toContain('Valid configuration')
  })

  it('is as Caddy formats it', async () => {
    expect(await run('fmt', file)).toBe(await readFile(file, 'utf8'))
  })
})

describe('a gate that answers wrongly', () => {
  let gate: ByteGate
  let upstream: EchoUpstream
  let proxy: RunningProxy
  beforeAll(async () => {
    gate = await startByteGate()
    upstream = await startEchoUpstream()
    proxy = await caddy.start({ gatePort: gate.port, grpcPort: 1, upstreamPort: upstream.port })
  })
  beforeEach(() => {
    gate.reply = allow
    upstream.reached.splice(0)
  })
  afterAll(async () => {
    await proxy.stop()
    await Promise.all([gate.close(), upstream.close()])
  })

  it('lets nobody in with headers of 100 kB', async () => {
    gate.reply = (socket) => socket.write(`HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(100_000)}\r\n`)
    expect((await sendRaw(proxy.port, get('/read'))).status).toBe(502)
    expect(upstream.reached).toEqual([])
  })

  it.each(['.', '!', '#', '$', '%', '&', "'", '*', '+', '^', '`', '|', '~', '_'])(
    'hands on no name that has a %s in place of a hyphen',
    async (sign) => {
      await sendRaw(proxy.port, get('/read', `X${sign}Auth-Client: root`, `x-auth${sign}scope: a`))
      const names = upstream.requests.at(-1)?.headers.map(([name]) => name)
      expect(names?.filter((name) => name.includes('auth'))).toEqual(['x-auth-subject'])
    },
  )

  it.each(['CONNECT /read HTTP/1.1', 'CONNECT api.example.com:443 HTTP/1.1'])(
    'is not even asked about %s',
    async (line) => {
      expect((await sendRaw(proxy.port, rawRequest(line, apiHost))).status).toBe(400)
      expect(upstream.reached).toEqual([])
    },
  )
})

describe('the log', () => {
  it('has the id of the decision for an allow and a refusal, and no secret', async () => {
    const stack = await startProxyStack(caddy)
    try {
      const token = await stack.issuer.token()
      const lines = [`authorization: Bearer ${token}`, 'cookie: s3cret', 'x-a: s3cret']
      await sendRaw(stack.proxy.port, get('/read?key=s3cret', ...lines))
      await sendRaw(stack.proxy.port, get('/create?key=s3cret', ...lines))
      const written = (): Record<string, unknown>[] =>
        stack.proxy
          .output()
          .split('\n')
          .filter((line) => line.includes('"http.log.access'))
          .map((line) => JSON.parse(line) as Record<string, unknown>)
      await until(() => written().length === 2, 'two lines')
      expect(written().map((line) => [line['decision_id'], line['status']])).toEqual(
        stack.gate.log
          .filter((line) => 'decision' in line)
          .map((line, i) => [line['decision_id'], [200, 403][i]]),
      )
      expect(written()[0]).toMatchObject({ request: { method: 'GET', uri: '/read' } })
      expect(stack.proxy.output()).not.toMatch(new RegExp(`s3cret|${token}`))
    } finally {
      await stack.close()
    }
  })

  it('has no secret of a request that nobody decided on', async () => {
    const proxy = await caddy.start({ gatePort: 1, grpcPort: 1, upstreamPort: 1 })
    try {
      const lines = ['authorization: Bearer s3cret', 'cookie: s3cret', 'x-a: s3cret']
      await sendRaw(proxy.port, get('/read?key=s3cret', ...lines))
      await until(() => proxy.output().includes('"http.log.access'), 'the line of the request')
      expect(proxy.output()).toContain('connection refused')
      expect(proxy.output()).not.toMatch(/s3cret|decision_id/)
    } finally {
      await proxy.stop()
    }
  })
})
