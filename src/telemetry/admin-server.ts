/**
 * The operators' port: `/metrics`, `/livez`, `/readyz`, `/issuers`, and pages of other rooms. Never reachable through a
 * door that takes traffic.
 *
 * The rules are:
 *   - its own pages have names of the configuration and public facts of keys, and nothing secret, since they ask nobody who
 *     he is; a page of another room asks for itself;
 *   - connections are bounded in number and in the time that they take to say what they want.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'
import { listen } from '../listen.js'
import type { ReadinessReport } from './readiness.js'

/** An admin server that listens. */
export interface AdminServer {
  /** The address with the port that was given. */
  readonly address: string
  close(): Promise<void>
}

/** What a page of another room is asked. */
export interface PageQuestion {
  readonly method: string
  readonly authorization: string | undefined
  /** Reads the body; undefined when it is larger than `maxBodyBytes` of the page. Rejects when the client goes away. */
  readonly body: () => Promise<Buffer | undefined>
}

/** What it answers: JSON, with these headers beside the usual ones. */
export interface PageAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: object
}

/** A page of another room; it gets requests of its methods only, and says itself who may see it. */
export interface AdminPage {
  readonly methods: readonly string[]
  readonly maxBodyBytes: number
  answer(question: PageQuestion): Promise<PageAnswer>
}

/** What the pages are made of. */
export interface AdminSources {
  readonly registry: Pick<Registry, 'contentType' | 'metrics'>
  readonly readiness: { report(): ReadinessReport | Promise<ReadinessReport> }
  /** What `/issuers` says, as JSON is made of it. */
  readonly issuers: () => unknown
}

/** Far more than probes and scrapers need, and far less than a process has file descriptors. */
const maxConnections = 256
const headersMs = 5_000
const requestMs = 10_000
/** Node's own is 30 s, and by so much later the two above would count. */
const timeoutCheckMs = 1_000

/** Starts the server on `host:port` or `unix:/path`. Rejects when the address cannot be bound. */
export async function startAdminServer(
  address: string,
  sources: AdminSources,
  pages: ReadonlyMap<string, AdminPage> = new Map(),
): Promise<AdminServer> {
  const server = createServer(
    { connectionsCheckingInterval: timeoutCheckMs },
    (request, response) => {
      const page = pages.get(pathOf(request))
      const answered =
        page === undefined
          ? answer(request, response, sources)
          : answerPage(request, response, page)
      answered.catch(() => {
        if (!response.headersSent) response.writeHead(500)
        response.end()
      })
    },
  )
  server.maxConnections = maxConnections
  server.requestTimeout = requestMs
  server.headersTimeout = headersMs
  const listening = await listen(server, address)
  return {
    address: listening.address,
    async close() {
      server.closeAllConnections()
      await listening.close()
    },
  }
}

function pathOf(request: IncomingMessage): string {
  return request.url?.split('?', 1)[0] ?? ''
}

async function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  page: AdminPage,
): Promise<void> {
  const { method = '', headers } = request
  if (!page.methods.includes(method)) {
    response.writeHead(405, { allow: page.methods.join(', ') }).end()
    return
  }
  const answered = await page.answer({
    method,
    authorization: headers.authorization,
    body: async () => await readBody(request, page.maxBodyBytes),
  })
  response
    .writeHead(answered.status, { 'content-type': 'application/json', ...answered.headers })
    .end(`${JSON.stringify(answered.body)}\n`)
}

/** The body, or undefined when it is too large. Rejects when the client goes away. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= maxBytes) chunks.push(chunk)
    // To its end, so that the client reads the answer; the server's own time-out bounds it.
  }
  return bytes > maxBytes ? undefined : Buffer.concat(chunks)
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { registry, readiness, issuers }: AdminSources,
): Promise<void> {
  const path = pathOf(request)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end()
  } else if (path === '/metrics') {
    const text = await registry.metrics()
    response.writeHead(200, { 'content-type': registry.contentType }).end(text)
  } else if (path === '/livez') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n')
  } else if (path === '/readyz') {
    const body = await readiness.report()
    sendJson(response, body.ready ? 200 : 503, body)
  } else if (path === '/issuers') {
    sendJson(response, 200, await issuers())
  } else {
    response.writeHead(404).end()
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(`${JSON.stringify(body, null, 2)}\n`)
}
