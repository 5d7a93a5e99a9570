/** What is special to HAProxy: the Lua script and what it makes of wrong answers, hostile streams, and the log. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startEchoUpstream, type EchoUpstream } from '../support/echo-upstream.js'
import { hostileStreams } from '../support/hostile-streams.js'
import { haproxy, haproxyCommand, haproxyFiles, startHaproxy } from '../support/proxies/haproxy.js'
import type { RunningProxy } from '../support/proxies/proxy.js'
import { startByteGate, type ByteGate, type Reply } from '../support/proxy-peers.js'
import { startProxyStack, type ProxyStack } from '../support/proxy-stack.js'
import { apiHost, rawRequest, sendRaw } from '../support/raw-http.js'
import { sendHeaderBlock } from '../support/raw-http2.js'
import type { Replacement } from '../support/shipped-file.js'
import { until } from '../support/until.js'

const get = (path: string, ...lines: string[]): string =>
  rawRequest(`GET ${path} HTTP/1.1`, apiHost, ...lines)

/** An answer with everything that an allow has, and more lines or others. */
function answer(
  lines: readonly string[],
  {
    status = '200 OK',
    remove = 'x-auth-client',
    length = 'content-length: 0',
    id = '3c64314054a951e500000004',
  } = {},
): Reply {
  const bytes = [
    `HTTP/1.1 ${status}`,
    ...lines,
    `x-scopegate-remove-headers: ${remove}`,
    `x-scopegate-decision-id: ${id}`,
    length,
  ]
  return (socket) => socket.write(`${bytes.join('\r\n')}\r\n\r\n`, 'latin1')
}

const allow = answer(['x-auth-subject: alice'])

it('the shipped file is valid', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'scopegate-haproxy-'))
  try {
    const files = await haproxyFiles(8000, { gatePort: 8080, grpcPort: 1, upstreamPort: 8002 })
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text)
    const args = ['-c', '-dW', '-f', 'haproxy.cfg'] // -dW: a warning is an error.
    const { stdout } = await promisify(execFile)(haproxyCommand(), args, { cwd: directory })
    expect(stdout).toContain('Configuration file is valid')
  } finally {
    await rm(directory, { recursive: true })
  }
})

describe('a gate that answers wrongly', () => {
  let gate: ByteGate
  let upstream: EchoUpstream
  let proxy: RunningProxy
  beforeAll(async () => {
    gate = await startByteGate()
    upstream = await startEchoUpstream()
    proxy = await haproxy.start({ gatePort: gate.port, grpcPort: 1, upstreamPort: upstream.port })
  })
  beforeEach(() => {
    gate.reply = allow
    upstream.reached.splice(0)
  })
  afterAll(async () => {
    await proxy.stop()
    await Promise.all([gate.close(), upstream.close()])
  })

  const subject = 'x-auth-subject: alice'
  const more: readonly (readonly [string, Reply])[] = [
    ['a body', answer([subject], { length: 'content-length: 2\r\n\r\nhi' })],
    ['no length', answer([subject], { length: 'x-a: b' })],
    ['chunks', answer([subject], { length: 'transfer-encoding: chunked\r\n\r\n0' })],
    ['two subjects', answer([subject, 'x-auth-subject: root'])],
    ['two ids', answer([subject, 'x-scopegate-decision-id: 1'])],
    ['an id that is none', answer([subject], { id: 'XYZ!456' })],
    ['an empty id', answer([subject], { id: '' })],
    ['two lists of what to remove', answer([subject, 'x-scopegate-remove-headers: cookie'])],
    ['a control character in a value', answer(['x-auth-subject: a\x01b'])],
    ['a NUL in a value', answer(['x-auth-subject: a\0b'])],
    ['Host to be removed', answer([subject], { remove: 'x-a,Host' })],
    ['the length of the body to be removed', answer([subject], { remove: 'content-length' })],
    ['a name that is none to be removed', answer([subject], { remove: 'x-a,x b:' })],
    ['a value too large for the request', answer([`x-auth-subject: ${'a'.repeat(14_000)}`])],
    ['headers of 100 kB', answer([subject, `x-a: ${'a'.repeat(100_000)}`])],
    ['200 headers', answer(Array.from({ length: 200 }, (_, i) => `x-${String(i)}: a`))],
    ['a status of two digits', answer([subject], { status: '20 OK' })],
    ['a status of four digits', answer([subject], { status: '2000 OK' })],
  ]
  it.each(more)('is 503: %s', async (name, reply) => {
    gate.reply = reply
    const startedAt = performance.now()
    const filler = `x-filler: ${'f'.repeat(/too large/.test(name) ? 10_000 : 1)}`
    const { status, headers, body } = await sendRaw(proxy.port, get('/read', filler))
    expect(performance.now() - startedAt).toBeLessThan(8_000)
    expect(upstream.reached).toEqual([])
    expect({ status, body: JSON.parse(body) as unknown }).toEqual({
      status: 503,
      body: { status: 503, message: 'The request cannot be authorized at the moment' },
    })
    expect(headers).toMatchObject({ 'retry-after': ['5'], 'cache-control': ['no-store'] })
    gate.reply = allow
    expect((await sendRaw(proxy.port, get('/read'))).status).toBe(200)
  })

  it('cannot set another header than those of haproxy.cfg, whatever it says', async () => {
    const lines = [
      'host: other',
      'authorization: Bearer x',
      'x-evil: 1',
      'connection: x-auth-scope',
    ]
    gate.reply = answer(['x-auth-subject: alice', ...lines])
    const forged = ['x-auth-subject: root', 'x-auth-scope: all', 'cookie: a']
    expect((await sendRaw(proxy.port, get('/read', ...forged))).status).toBe(200)
    const { headers = [] } = upstream.requests.at(-1) ?? {}
    const seen = Object.fromEntries(headers)
    expect(seen).toMatchObject({ host: 'api.example.com', 'x-auth-subject': 'alice', cookie: 'a' })
    for (const name of ['authorization', 'x-evil', 'x-auth-scope', 'connection']) {
      expect(seen).not.toHaveProperty(name)
    }
  })

  it('neither hands on an identity header that haproxy.cfg does not name, nor a forged one', async () => {
    gate.reply = answer(['x-auth-subject: alice', 'x-auth-org: good'])
    const lines = ['X-Auth-Org: forged', 'cache-control: no-cache']
    expect((await sendRaw(proxy.port, get('/read', ...lines))).status).toBe(200)
    expect(upstream.lastIdentity('x-auth-org')).toEqual([])
    expect(upstream.lastIdentity('cache-control')).toEqual(['no-cache'])
  })

  it('is asked on connections that stay, with what it reads and nothing else', async () => {
    await sendRaw(proxy.port, get('/read'))
    const before = gate.connections()
    const lines = [
      'authorization: a',
      'authorization: b',
      'accept: c',
      'cookie: d',
      'x-request-id: mine',
    ]
    const request = rawRequest('POST /read?q=%2f HTTP/1.1', apiHost, ...lines, 'content-length: 2')
    for (let i = 0; i < 5; i += 1) await sendRaw(proxy.port, `${request}hi`)
    expect(gate.connections()).toBe(before)
    const question = gate.questions.at(-1)?.split('\r\n') ?? []
    expect(question[0]).toBe('GET /haproxy HTTP/1.1')
    expect(
      question
        .slice(1)
        .filter((line) => !/^(?:user-agent|x-request-id):/.test(line))
        .sort(),
    ).toEqual([
      ...['', '', 'accept: c', 'authorization: a', 'authorization: b', 'host: scopegate'],
      ...['x-scopegate-host: api.example.com', 'x-scopegate-method: POST'],
      'x-scopegate-target: /read?q=%2f',
    ])
    expect(question.join()).not.toContain('mine')
  })

  const breaks: Record<string, string> = {
    'breaks off': 'error("broken")',
    'does nothing': 'do return end',
  }
  it.each(Object.entries(breaks))('is not needed to refuse when the script %s', async (_, code) => {
    const call = '  local worked, result = pcall('
    const inScript: Replacement = [call, `  ${code}\n${call}`]
    const ports = { gatePort: gate.port, grpcPort: 1, upstreamPort: upstream.port }
    const broken = await startHaproxy(ports, [inScript])
    try {
      expect((await sendRaw(broken.port, get('/read'))).status).toBe(503)
      expect(upstream.reached).toEqual([])
    } finally {
      await broken.stop()
    }
  })
})

describe('with a real gate', () => {
  let stack: ProxyStack
  beforeAll(async () => {
    stack = await startProxyStack(haproxy)
  })
  afterAll(async () => {
    await stack.close()
  })

  it('no hostile HTTP/2 stream reaches the upstream', async () => {
    for (const [name, block] of hostileStreams(await stack.issuer.token())) {
      stack.upstream.reached.splice(0)
      await sendHeaderBlock(stack.proxy.port, block)
      expect([name, ...stack.upstream.reached]).toEqual([name])
    }
  })

  it.each([
    ['http://api.example.com/me/a?b', '/me/a?b'],
    ['HTTPS://API.example.com/me/a', '/me/a'],
  ])('%s reaches the upstream as %s', async (target, path) => {
    const bearer = `authorization: Bearer ${await stack.issuer.token()}`
    expect((await sendRaw(stack.proxy.port, get(target, bearer))).status).toBe(200)
    expect(stack.upstream.requests.at(-1)?.target).toBe(path)
  })

  it('writes a line without query and credentials, with the id of the decision', async () => {
    const token = await stack.issuer.token()
    const request = get('/me/a%22b?secret=1', `authorization: Bearer ${token}`, 'x-request-id: "}')
    expect((await sendRaw(stack.proxy.port, request)).status).toBe(200)
    await sendRaw(stack.proxy.port, get('/read?secret=2'))
    const lines = (): Record<string, unknown>[] =>
      stack.proxy
        .output()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    await until(() => lines().length >= 2 && lines().at(-1)?.['path'] === '/read', 'the log line')
    const [allowed, refused] = lines().slice(-2)
    const decided = stack.gate.log.slice(-2)
    expect(allowed).toMatchObject({ method: 'GET', path: '/me/a%22b', status: 200, fault: '-' })
    expect(refused).toMatchObject({ path: '/read', status: 401, gate_status: '401' })
    for (const name of ['decision_id', 'request_id']) {
      expect([allowed?.[name], refused?.[name]]).toEqual(decided.map((line) => line[name]))
    }
    expect(stack.proxy.output()).not.toContain('secret')
    expect(stack.proxy.output()).not.toContain(token)
  })
})
