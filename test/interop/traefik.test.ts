/** What is special to Traefik: its complaints, a gate that answers wrongly and the log. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startEchoUpstream, type EchoUpstream } from '../support/echo-upstream.js'
import type { RunningProxy } from '../support/proxies/proxy.js'
import { traefik } from '../support/proxies/traefik.js'
import { allow, startByteGate, type ByteGate } from '../support/proxy-peers.js'
import { startProxyStack } from '../support/proxy-stack.js'
import { apiHost, rawRequest, sendRaw } from '../support/raw-http.js'
import { until } from '../support/until.js'

const get = (path: string, ...lines: string[]): string =>
  rawRequest(`GET ${path} HTTP/1.1`, apiHost, ...lines)

describe('the shipped files', () => {
  it('are taken without a complaint', async () => {
    const proxy = await traefik.start({ gatePort: 1, grpcPort: 1, upstreamPort: 1 })
    await proxy.stop()
    expect(proxy.output()).toContain('"level":"info"')
    expect(proxy.output()).not.toMatch(/"level":"(?:warn|error|fatal)"/)
  })

  it.each([
    ['traefik.yaml', ['sanitizePath:', 'sanitisePath:'], 'field not found'],
    ['dynamic.yaml', ['trustForwardHeader:', 'trustForwardedHeader:'], 'field not found'],
  ] as const)('are looked at: a wrong name in %s leads to no service', async (_, wrong, fault) => {
    const ports = { gatePort: 1, grpcPort: 1, upstreamPort: 1 }
    await expect(traefik.start({ ...ports, replace: [wrong] })).rejects.toThrow(fault)
  })
})

describe('a gate that answers wrongly', () => {
  let gate: ByteGate
  let upstream: EchoUpstream
  let proxy: RunningProxy
  beforeAll(async () => {
    gate = await startByteGate()
    upstream = await startEchoUpstream()
    proxy = await traefik.start({ gatePort: gate.port, grpcPort: 1, upstreamPort: upstream.port })
  })
  beforeEach(() => {
    gate.reply = allow
    upstream.reached.splice(0)
  })
  afterAll(async () => {
    await proxy.stop()
    await Promise.all([gate.close(), upstream.close()])
  })

  it.each(['.', '!', '#', '$', '%', '&', "'", '*', '+', '^', '`', '|', '~', '_'])(
    'refuses a name that has a %s in place of a hyphen',
    async (sign) => {
      const request = get('/read', `X${sign}Auth-Client: root`)
      expect((await sendRaw(proxy.port, request)).status).toBe(400)
      expect(upstream.reached).toEqual([])
    },
  )

  it.each([
    ['a request without a host', 'GET /read HTTP/1.0'],
    ['a request without a path', 'GET * HTTP/1.0'],
  ])('is not even asked about %s', async (_, line) => {
    expect((await sendRaw(proxy.port, rawRequest(line))).status).toBe(404)
    expect(upstream.reached).toEqual([])
  })
})

describe('the log', () => {
  it('has the id of the decision for an allow and a refusal, and no secret', async () => {
    const stack = await startProxyStack(traefik)
    try {
      const token = await stack.issuer.token()
      const lines = [`authorization: Bearer ${token}`, 'cookie: s3cret', 'x-a: s3cret']
      await sendRaw(stack.proxy.port, get('/read?key=s3cret', ...lines))
      await sendRaw(stack.proxy.port, get('/create?key=s3cret', ...lines))
      const written = (): Record<string, unknown>[] =>
        stack.proxy
          .output()
          .split('\n')
          .filter((line) => line.includes('"RequestPath"'))
          .map((line) => JSON.parse(line) as Record<string, unknown>)
      await until(() => written().length === 2, 'two lines')
      const id = 'X-Scopegate-Decision-Id'
      expect(
        written().map((line) => [
          line[`request_${id}`] ?? line[`downstream_${id}`],
          line['DownstreamStatus'],
        ]),
      ).toEqual(
        stack.gate.log
          .filter((line) => 'decision' in line)
          .map((line, i) => [line['decision_id'], [200, 403][i]]),
      )
      expect(written()[0]).toMatchObject({ RequestMethod: 'GET', RequestPath: '/read' })
      expect(stack.proxy.output()).not.toMatch(new RegExp(`s3cret|${token}`))
    } finally {
      await stack.close()
    }
  })

  it('has no secret of a request that nobody decided on', async () => {
    const proxy = await traefik.start({ gatePort: 1, grpcPort: 1, upstreamPort: 1 })
    try {
      const lines = ['authorization: Bearer s3cret', 'cookie: s3cret', 'x-a: s3cret']
      await sendRaw(proxy.port, get('/read?key=s3cret', ...lines))
      await until(() => proxy.output().includes('"RequestPath"'), 'the line of the request')
      expect(proxy.output()).not.toMatch(/s3cret|[dm]_X-Scopegate/)
    } finally {
      await proxy.stop()
    }
  })
})
