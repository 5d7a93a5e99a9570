/**
 * NGINX with deploy/nginx/nginx.conf, and at the port of Scopegate somebody who does not say yes. auth_request by itself
 * takes every 2xx of anybody for a yes; the file does not.
 */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startEchoUpstream, type EchoUpstream } from '../support/echo-upstream.js'
import { freePorts } from '../support/free-ports.js'
import { nginxKinds } from '../support/proxies/nginx.js'
import type { RunningProxy } from '../support/proxies/proxy.js'
import {
  allow,
  startBodyUpstream,
  startByteGate,
  type ByteGate,
  type Reply,
} from '../support/proxy-peers.js'
import { apiHost as host, rawRequest, sendRaw } from '../support/raw-http.js'
import type { Replacement } from '../support/shipped-file.js'

const request = rawRequest('GET /health HTTP/1.1', host)
const idLine = `x-scopegate-decision-id: ${'a0'.repeat(12)}`

/** An answer with the id of a decision, and with what the test wants. */
function saying(status: string, ...headers: readonly string[]): Reply {
  const lines = [`HTTP/1.1 ${status}`, idLine, ...headers, 'content-length: 0', '', '']
  return (socket: Socket) => socket.write(lines.join('\r\n'))
}

/** What matters to NGINX beyond the faults of proxies-unavailable.test.ts. */
const faults: readonly (readonly [name: string, reply: Reply])[] = [
  ['400', saying('400 Bad Request')],
  ['404', saying('404 Not Found')],
  ['429', saying('429 Too Many Requests')],
  ['503', saying('503 Service Unavailable', 'retry-after: 7')],
  ['a redirect inside of NGINX', saying('302 Found', 'x-accel-redirect: /health')],
  ['a header without end', saying('200 OK', `x: ${'a'.repeat(40_000)}`)],
  ['a header without a colon', saying('200 OK', 'no colon')],
  ['garbage with the id of a decision', (socket) => socket.end(`200 OK\r\n${idLine}\r\n\r\n`)],
  [
    '200 with an id that is none',
    (socket) => socket.write('HTTP/1.1 200 OK\r\nx-scopegate-decision-id: 1\r\n\r\n'),
  ],
]

describe.each(nginxKinds())('a gate that does not say yes to $name', (kind) => {
  let gate: ByteGate
  let upstream: EchoUpstream
  let nginx: RunningProxy
  beforeAll(async () => {
    gate = await startByteGate()
    upstream = await startEchoUpstream()
    nginx = await kind.start({ gatePort: gate.port, upstreamPort: upstream.port })
  })
  beforeEach(() => {
    gate.reply = allow
    upstream.reached.splice(0)
  })
  afterAll(async () => {
    await nginx.stop()
    await Promise.all([gate.close(), upstream.close()])
  })

  it.each(faults)('is 503: %s', async (_, reply) => {
    gate.reply = reply
    const startedAt = performance.now()
    const answer = await sendRaw(nginx.port, request)
    expect(answer.status).toBe(503)
    expect(answer.headers).toMatchObject({
      'retry-after': ['5'],
      'cache-control': ['no-store'],
      'content-type': ['application/json'],
    })
    expect(JSON.parse(answer.body)).toMatchObject({ status: 503 })
    expect(performance.now() - startedAt).toBeLessThan(8_000)
    expect(upstream.reached).toEqual([])

    gate.reply = allow
    expect((await sendRaw(nginx.port, request)).status).toBe(200)
  })

  it('is no tunnel when it switches protocols for a client that wants to', async () => {
    gate.reply = saying('101 Switching Protocols', 'connection: upgrade', 'upgrade: websocket')
    const upgrade = ['upgrade: websocket', 'connection: upgrade']
    const { status } = await sendRaw(nginx.port, rawRequest('GET /x HTTP/1.1', host, ...upgrade))
    expect(status).toBe(0)
    expect(upstream.reached).toEqual([])
  })

  it('is a tunnel when the gate says yes and the API switches protocols', async () => {
    const api = await startBodyUpstream()
    const other = await kind.start({ gatePort: gate.port, upstreamPort: api.port })
    const headers = { connection: 'upgrade', upgrade: 'websocket' }
    const asking = get(`http://127.0.0.1:${String(other.port)}/x`, { headers })
    const [answer, socket] = (await once(asking, 'upgrade')) as [IncomingMessage, Socket]
    expect(answer.statusCode).toBe(101)
    socket.write('ping')
    expect(String(await once(socket, 'data'))).toBe('ping')
    socket.destroy()
    await other.stop()
    await api.close()
  })

  it('takes identity headers of the greatest length', async () => {
    const long = 'a'.repeat(4_096)
    const names = ['x-auth-subject', 'x-auth-scope', 'x-auth-client']
    gate.reply = saying('200 OK', ...names.map((name) => `${name}: ${long}`))
    expect((await sendRaw(nginx.port, request)).status).toBe(200)
    expect(names.flatMap((name) => upstream.lastIdentity(name))).toEqual([long, long, long])
  })
})

describe.each(nginxKinds())('what keeps $name closed', (kind) => {
  async function statusWith(
    gatePort: number,
    replace: readonly Replacement[],
  ): Promise<readonly [status: number, requests: number]> {
    const upstream = await startEchoUpstream()
    const nginx = await kind.start({ gatePort, upstreamPort: upstream.port, replace })
    try {
      return [(await sendRaw(nginx.port, request)).status, upstream.requests.length]
    } finally {
      await nginx.stop()
      await upstream.close()
    }
  }

  const sorry: Replacement = [
    '        location / {',
    '        error_page 502 504 =200 @sorry; location @sorry { return 200 sorry; } location / {',
  ]
  const withoutOwnErrorPage: Replacement = ['error_page 599 /_scopegate;', '']
  const withoutSuffix: Replacement = ['http://api$scopegate_closed;', 'http://api;']

  it('is the suffix of proxy_pass when somebody else answers', async () => {
    const gate = await startByteGate()
    const other = (status: string): Reply => {
      return (socket) => socket.write(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`)
    }
    for (const status of ['200 OK', '202 Accepted', '299 Own']) {
      gate.reply = other(status)
      expect(await statusWith(gate.port, [])).toEqual([503, 0])
      expect(await statusWith(gate.port, [withoutSuffix])).toEqual([200, 1])
    }
    await gate.close()
  })

  it('is an error_page of its own when the gate is down and the server has a page for that', async () => {
    const [nobody = 0] = await freePorts(1)
    expect(await statusWith(nobody, [])).toEqual([503, 0])
    expect(await statusWith(nobody, [sorry, withoutSuffix])).toEqual([503, 0])
    const open = [sorry, withoutSuffix, withoutOwnErrorPage]
    expect(await statusWith(nobody, open)).toEqual([200, 1])
    // One of the two is enough.
    expect(await statusWith(nobody, [sorry, withoutOwnErrorPage])).toEqual([503, 0])
  })

  it('does not keep requests out when another gate is there', async () => {
    const [nobody = 0] = await freePorts(1)
    const gate = await startByteGate()
    const down = `upstream scopegate { server 127.0.0.1:${String(nobody)};`
    expect(await statusWith(gate.port, [['upstream scopegate {', down]])).toEqual([200, 1])
    await gate.close()
  })

  it('lets requests pass again once the gate is there', async () => {
    const [port = 0] = await freePorts(1)
    const upstream = await startEchoUpstream()
    const nginx = await kind.start({ gatePort: port, upstreamPort: upstream.port })
    try {
      expect((await sendRaw(nginx.port, request)).status).toBe(503)
      const gate = await startByteGate(port)
      expect((await sendRaw(nginx.port, request)).status).toBe(200)
      await gate.close()
      expect((await sendRaw(nginx.port, request)).status).toBe(503)
    } finally {
      await nginx.stop()
      await upstream.close()
    }
  })
})
