/** WebSockets through HAProxy, which wants a key of the client and its digest of the API. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { haproxy } from '../support/proxies/haproxy.js'
import { startByteGate } from '../support/proxy-peers.js'
import { apiHost } from '../support/raw-http.js'
import { until } from '../support/until.js'

/** Sends one piece after the other, each once what was received is what has to come before it. */
async function talk(
  port: number,
  ...turns: readonly (readonly [after: RegExp, bytes: string])[]
): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.setEncoding('latin1').on('data', (text: string) => (received += text))
  for (const [after, bytes] of turns) {
    await until(() => after.test(received), String(after))
    socket.write(bytes)
  }
  socket.destroy()
  return received
}

/** An API that takes WebSockets, says in a header what it saw, and sends back what it is sent. */
async function startWebSocketApi(): Promise<{ port: number; close: () => void }> {
  const server = createServer((_, response) => response.end('no upgrade'))
  const sockets = new Set<Socket>()
  server.on('upgrade', ({ headers }: IncomingMessage, socket: Socket) => {
    sockets.add(socket.on('error', () => undefined))
    const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11' // RFC 6455 section 4.2.2
    const key = String(headers['sec-websocket-key'])
    const lines = [
      ...['HTTP/1.1 101 Switching Protocols', 'connection: upgrade', 'upgrade: websocket'],
      `sec-websocket-accept: ${createHash('sha1').update(`${key}${magic}`).digest('base64')}`,
      `x-seen: ${String(headers.connection)}, ${String(headers['x-auth-subject'])}`,
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy()
      server.closeAllConnections()
      server.close()
    },
  }
}

// HAProxy wants a key from the client, and its digest from the API.
it.each([
  ['websocket', 101],
  ['WebSocket', 101],
  ['h2c', 200],
])('an upgrade to %s through HAProxy is answered with %s', async (protocol, status) => {
  const gate = await startByteGate()
  const api = await startWebSocketApi()
  const proxy = await haproxy.start({ gatePort: gate.port, grpcPort: 1, upstreamPort: api.port })
  try {
    const lines = [
      ...['GET /read HTTP/1.1', apiHost, 'connection: x-auth-subject, Upgrade'],
      ...[`upgrade: ${protocol}`, 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=='],
    ]
    const request = `${lines.join('\r\n')}\r\n\r\n`
    const head = new RegExp(`^HTTP/1.1 ${String(status)}[^]*\r\n\r\n`)
    const [sent, end] = status === 101 ? ['hello', /hello$/] : ['', /no upgrade$/]
    const received = await talk(proxy.port, [/^$/, request], [head, sent], [end, ''])
    if (status === 101) expect(received).toContain('x-seen: upgrade, alice')
  } finally {
    await proxy.stop()
    await gate.close()
    api.close()
  }
})
