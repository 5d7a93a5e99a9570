/** The operators' port: `/metrics`, `/livez`, `/readyz`. Never reachable through a door that takes traffic. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'
import { removeStaleSocket } from '../unix-socket.js'
import type { Readiness } from './readiness.js'

/** An admin server that listens. */
export interface AdminServer {
  /** The address with the port that was given. */
  readonly address: string
  close(): Promise<void>
}

/** Starts the server on `host:port` or `unix:/path`. Rejects when the address cannot be bound. */
export async function startAdminServer(
  address: string,
  registry: Registry,
  readiness: Readiness,
): Promise<AdminServer> {
  const server = createServer((request, response) => {
    answer(request, response, registry, readiness).catch(() => {
      response.writeHead(500).end()
    })
  })
  server.requestTimeout = 10_000
  server.headersTimeout = 5_000
  await listen(server, address)
  const bound = server.address()
  return {
    address:
      typeof bound === 'object' && bound !== null
        ? address.replace(/:\d+$/, `:${String(bound.port)}`)
        : address,
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
      })
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  registry: Registry,
  readiness: Readiness,
): Promise<void> {
  const path = request.url?.split('?', 1)[0]
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end()
  } else if (path === '/metrics') {
    const text = await registry.metrics()
    response.writeHead(200, { 'content-type': registry.contentType }).end(text)
  } else if (path === '/livez') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n')
  } else if (path === '/readyz') {
    const body = { ready: readiness.isReady, components: readiness.components() }
    response
      .writeHead(body.ready ? 200 : 503, { 'content-type': 'application/json' })
      .end(`${JSON.stringify(body, null, 2)}\n`)
  } else {
    response.writeHead(404).end()
  }
}

async function listen(server: Server, address: string): Promise<void> {
  if (address.startsWith('unix:')) await removeStaleSocket(address.slice(5))
  const colon = address.lastIndexOf(':')
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const listening = (): void => {
      server.off('error', reject)
      resolve()
    }
    if (address.startsWith('unix:')) server.listen(address.slice(5), listening)
    else {
      const host = address.slice(0, colon).replace(/^\[|\]$/g, '')
      server.listen(Number(address.slice(colon + 1)), host, listening)
    }
  })
}
