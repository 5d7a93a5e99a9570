/** What is allowed passes through every proxy as it is: bodies in both directions, at once and in pieces. */
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { proxyKinds } from '../support/proxies/index.js'
import type { RunningProxy } from '../support/proxies/proxy.js'
import { digestOf, startBodyUpstream, type BodyUpstream } from '../support/proxy-peers.js'
import { apiHost, rawRequest } from '../support/raw-http.js'
import { startTestGate, type TestGate } from '../support/test-gate.js'
import { until } from '../support/until.js'

let gate: TestGate
beforeAll(async () => {
  const resources = [
    {
      id: 'open',
      audiences: ['https://api.example.com'],
      routes: [{ id: 'all', path: '/**', access: 'public' }],
    },
  ]
  gate = await startTestGate({ resources })
})
afterAll(async () => {
  await gate.close()
})

const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1))

describe.each(proxyKinds.map((kind) => [kind.name, kind] as const))('through %s', (_, kind) => {
  let upstream: BodyUpstream
  let proxy: RunningProxy
  let url: string
  beforeAll(async () => {
    upstream = await startBodyUpstream()
    proxy = await kind.start({
      gatePort: portOf(gate.addresses.http),
      grpcPort: portOf(gate.addresses.grpc),
      upstreamPort: upstream.port,
    })
    url = `http://127.0.0.1:${String(proxy.port)}`
  })
  afterAll(async () => {
    await proxy.stop()
    await upstream.close()
  })

  it('bodies arrive unharmed, in chunks too', async () => {
    const body = 'octets and more, '.repeat(200_000)
    const stream = new Blob([body]).stream()
    const answers = await Promise.all([
      fetch(`${url}/create`, { method: 'POST', body }),
      fetch(`${url}/create`, { method: 'POST', body: stream, duplex: 'half' }),
    ])
    for (const answer of answers) expect(await answer.text()).toBe(digestOf(body))
  })

  it('bodies arrive after 100 Continue', async () => {
    const lines = [apiHost, 'expect: 100-continue', 'content-length: 5']
    const socket = connect(proxy.port, '127.0.0.1')
    let received = ''
    socket.setEncoding('latin1').on('data', (text: string) => (received += text))
    socket.write(rawRequest('POST /a HTTP/1.1', ...lines))
    await until(() => received.startsWith('HTTP/1.1 100'), '100 Continue')
    socket.write('hello')
    await until(() => received.includes(digestOf('hello')), 'the answer')
    socket.destroy()
  })

  it('answers stream to the client', async () => {
    const answer = await fetch(`${url}/stream`)
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader?.read())?.value).toBe('first,')
    upstream.release()
    expect((await reader?.read())?.value).toBe('second')
  })
})
