/**
 * An upstream that answers with what it got and remembers it. It counts connections and bytes that are not HTTP too: a
 * test that says "the upstream was never reached" means that not even a connection was made.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'

/** One request as the upstream saw it. */
interface SeenRequest {
  readonly method: string
  readonly target: string
  /** Names in lower case, every value by itself, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[]
}

export interface EchoUpstream {
  readonly port: number
  readonly requests: SeenRequest[]
  /** Everything that reached it in any form: connections, requests, bytes that are no request. */
  readonly reached: string[]
  /** The values of a header in the last request, in any spelling with `-` or `_`. */
  readonly lastIdentity: (name: string) => string[]
  readonly close: () => Promise<void>
}

export async function startEchoUpstream(): Promise<EchoUpstream> {
  const requests: SeenRequest[] = []
  const reached: string[] = []

  function see(request: IncomingMessage): SeenRequest {
    const { method = '', url = '', rawHeaders } = request
    const names = rawHeaders.filter((_, i) => i % 2 === 0)
    const seen: SeenRequest = {
      method,
      target: url,
      headers: names.map((name, i) => [name.toLowerCase(), rawHeaders[2 * i + 1] ?? '']),
    }
    requests.push(seen)
    reached.push(`${method} ${url}`)
    return seen
  }

  const server = createServer((request, response) => {
    const body = JSON.stringify(see(request))
    request.resume()
    response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  })
  server.on('connection', () => reached.push('a connection'))
  server.on('clientError', (fault: NodeJS.ErrnoException, socket) => {
    // HAProxy resets idle connections of its pool; a connection was counted when it was made.
    if (fault.code !== 'ECONNRESET') reached.push(`bytes that are no request: ${fault.message}`)
    socket.destroy()
  })
  const acceptTunnel = (request: IncomingMessage, socket: Duplex): void => {
    see(request)
    socket.on('error', () => undefined) // The other side may be gone.
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
  }
  server.on('connect', acceptTunnel)
  server.on('upgrade', acceptTunnel)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    reached,
    lastIdentity(name) {
      const headers = requests.at(-1)?.headers ?? []
      return headers
        .filter(([spelling]) => spelling.replaceAll('_', '-') === name)
        .map(([, value]) => value)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
