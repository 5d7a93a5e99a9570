/** What Caddy and Traefik, both on Go's net/http, have in common: how they ask, HTTP/2 without TLS, and upgrades. */
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startEchoUpstream, type EchoUpstream } from '../support/echo-upstream.js'
import { caddy } from '../support/proxies/caddy.js'
import type { RunningProxy } from '../support/proxies/proxy.js'
import { traefik } from '../support/proxies/traefik.js'
import {
  startBodyUpstream,
  startByteGate,
  type BodyUpstream,
  type ByteGate,
} from '../support/proxy-peers.js'
import { apiHost, rawRequest, sendRaw } from '../support/raw-http.js'
import { until } from '../support/until.js'

const get = (path: string): string => rawRequest(`GET ${path} HTTP/1.1`, apiHost)
const kinds = [caddy, traefik].map((kind) => [kind.name, kind] as const)

describe.each(kinds)('%s', (_, kind) => {
  let gate: ByteGate
  let upstream: EchoUpstream
  let proxy: RunningProxy
  beforeAll(async () => {
    gate = await startByteGate()
    upstream = await startEchoUpstream()
    proxy = await kind.start({ gatePort: gate.port, upstreamPort: upstream.port })
  })
  beforeEach(() => {
    upstream.reached.splice(0)
  })
  afterAll(async () => {
    await proxy.stop()
    await Promise.all([gate.close(), upstream.close()])
  })

  it('is asked on connections that stay, about a request without its body and cookies', async () => {
    await sendRaw(proxy.port, get('/read'))
    const before = gate.connections()
    const lines = ['content-length: 5', 'cookie: a=b', 'expect: 100-continue']
    for (let i = 0; i < 5; i += 1) {
      await sendRaw(proxy.port, `${rawRequest('POST /read?q HTTP/1.1', apiHost, ...lines)}hello`)
    }
    expect(gate.connections()).toBe(before)
    const question = gate.questions.at(-1) ?? ''
    expect(question.split('\r\n', 1)[0]).toBe(`GET /${kind.door} HTTP/1.1`)
    expect(question).not.toMatch(/hello|^(?:content-length|cookie|connection|expect):/im)
  })

  it('takes HTTP/2 without TLS', async () => {
    const session = connectHttp2(`http://127.0.0.1:${String(proxy.port)}`)
    try {
      const stream = session.request({ ':path': '/read?x', 'x-auth-scope': 'root' })
      const status = await new Promise((resolve, reject) => {
        stream.on('response', (headers) => {
          resolve(headers[':status'])
        })
        stream.on('error', reject)
      })
      expect(status).toBe(200)
      expect(upstream.lastIdentity('x-auth-scope')).toEqual([])
    } finally {
      session.close()
    }
  })
})

describe.each(kinds)('upgrades through %s', (_, kind) => {
  let gate: ByteGate
  let upstream: BodyUpstream
  let proxy: RunningProxy
  beforeAll(async () => {
    gate = await startByteGate()
    upstream = await startBodyUpstream()
    proxy = await kind.start({ gatePort: gate.port, upstreamPort: upstream.port })
  })
  afterAll(async () => {
    await proxy.stop()
    await Promise.all([gate.close(), upstream.close()])
  })

  it.each([
    ['websocket', 'hello'],
    ['WebSocket', 'hello'],
    ['h2c', undefined],
  ])('to %s lead to %s', async (protocol, echo) => {
    const socket = connect(proxy.port, '127.0.0.1')
    let received = ''
    socket.setEncoding('latin1').on('data', (text: string) => (received += text))
    const lines = [apiHost, 'connection: upgrade', `upgrade: ${protocol}`]
    socket.write(`${['GET /read HTTP/1.1', ...lines].join('\r\n')}\r\n\r\n`)
    await until(() => received.includes('\r\n\r\n'), 'an answer')
    expect(gate.questions.at(-1)).not.toMatch(/^(?:connection|upgrade):/im)
    expect(received.startsWith('HTTP/1.1 101')).toBe(echo !== undefined)
    if (echo !== undefined) {
      socket.write(echo)
      await until(() => received.endsWith(echo), 'the echo')
    }
    socket.destroy()
  })
})
