/** The admin port: four pages, two methods, and nothing else. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Counter, Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AdminSources, PageQuestion } from '../../../src/telemetry/admin-server.js'
import { Readiness, startAdminServer, type AdminServer } from '../../../src/telemetry/index.js'

let registry: Registry
let readiness: Readiness
let server: AdminServer
let sources: AdminSources
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scopegate-admin-'))
  registry = new Registry()
  new Counter({ name: 'things_total', help: 'Things', registers: [registry] }).inc(3)
  readiness = new Readiness(() => [])
  sources = { registry, readiness, issuers: () => [] }
  server = await startAdminServer('127.0.0.1:0', sources)
})

afterEach(async () => {
  await server.close()
  await rm(directory, { recursive: true })
})

async function ask(path: string, method = 'GET'): Promise<Response> {
  return await fetch(`http://${server.address}${path}`, { method })
}

describe('the admin server', () => {
  it('says which port it was given', () => {
    expect(server.address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/)
  })

  it('takes so many connections and no more, and goes on when they end', async () => {
    const [host, port] = server.address.split(':')
    const open = async (): Promise<Socket> => {
      const socket = connect(Number(port), host)
      socket.on('error', () => undefined)
      await once(socket, 'connect')
      return socket
    }
    const sockets = await Promise.all(Array.from({ length: 256 }, open))
    const late = await open()
    await once(late, 'close')
    expect(sockets.every((socket) => !socket.destroyed)).toBe(true)
    await Promise.all(
      sockets.map(async (socket) => {
        socket.end()
        await once(socket.resume(), 'close')
      }),
    )
    expect((await ask('/livez')).status).toBe(200)
  })

  it('serves the metrics in the format of Prometheus', async () => {
    const response = await ask('/metrics?x=1')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await response.text()).toContain('# TYPE things_total counter\nthings_total 3\n')
  })

  it('is alive from the start', async () => {
    const response = await ask('/livez')
    expect([response.status, await response.text()]).toEqual([200, 'ok\n'])
  })

  it('is ready when the gate is, and says what is missing', async () => {
    const before = await ask('/readyz')
    expect([before.status, before.headers.get('content-type')]).toEqual([503, 'application/json'])
    expect(await before.json()).toEqual({
      ready: false,
      components: { listening: { ready: false }, running: { ready: true } },
    })
    readiness.listening()
    const after = await ask('/readyz')
    expect([after.status, await after.json()]).toEqual([
      200,
      { ready: true, components: { listening: { ready: true }, running: { ready: true } } },
    ])
  })

  it('reports the issuers', async () => {
    const response = await ask('/issuers')
    expect([response.status, await response.json()]).toEqual([200, []])
  })

  it.each(['/metrics', '/livez', '/readyz', '/issuers'])(
    'answers HEAD %s without a body',
    async (path) => {
      const [head, get] = [await ask(path, 'HEAD'), await ask(path)]
      expect([head.status, await head.text()]).toEqual([get.status, ''])
    },
  )

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('allows no %s', async (method) => {
    const response = await ask('/metrics', method)
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  it.each(['/', '/metrics/', '/Metrics', '//metrics', '/livez/..', '/favicon.ico', '/debug'])(
    'has no %s',
    async (path) => {
      const response = await ask(path)
      expect([response.status, await response.text()]).toEqual([404, ''])
    },
  )

  it('answers with 500 when a metric cannot be read, and goes on', async () => {
    new Counter({
      name: 'broken_total',
      help: 'Broken',
      registers: [registry],
      collect() {
        throw new Error('cannot be read')
      },
    })
    expect((await ask('/metrics')).status).toBe(500)
    expect((await ask('/livez')).status).toBe(200)
  })
})

describe('a page of another room', () => {
  const asked: string[] = []
  const page = {
    methods: ['GET', 'POST'],
    maxBodyBytes: 4,
    answer: async ({ method, body }: PageQuestion) => {
      asked.push(method)
      const sent = await body()
      if (sent?.toString() === 'boom') throw new Error('a fault of the page')
      const status = sent === undefined ? 413 : 200
      return { status, headers: { 'x-page': 'own' }, body: { sent: sent?.toString() } }
    },
  }

  it('gets what is for it, by path and method, and nothing else', async () => {
    const pages = new Map([['/page', page]])
    const other = await startAdminServer('127.0.0.1:0', sources, pages)
    const at = async (path: string, method = 'GET', body: string | null = null) =>
      await fetch(`http://${other.address}${path}`, { method, body })
    const answered = await at('/page?x=1')
    expect([answered.headers.get('x-page'), await answered.text()]).toEqual([
      'own',
      '{"sent":""}\n',
    ])
    expect(await (await at('/page', 'POST', 'four')).json()).toEqual({ sent: 'four' })
    expect((await at('/page', 'POST', 'fives')).status).toBe(413)
    const refused = await at('/page', 'DELETE')
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, POST'])
    expect((await at('/page/')).status).toBe(404)
    expect((await at('/page', 'POST', 'boom')).status).toBe(500)
    expect((await at('/livez')).status).toBe(200)
    expect(asked).toEqual(['GET', 'POST', 'POST', 'POST'])
    await other.close()
  })
})

describe('the address of the admin server', () => {
  it('may be a Unix socket', async () => {
    const path = join(directory, 'admin.sock')
    const other = await startAdminServer(`unix:${path}`, sources)
    expect(other.address).toBe(`unix:${path}`)
    expect((await askSocket(path)).statusCode).toBe(200)
    await other.close()
  })

  it('may not be a Unix socket that is in use', async () => {
    const address = `unix:${join(directory, 'admin.sock')}`
    const other = await startAdminServer(address, sources)
    await expect(startAdminServer(address, sources)).rejects.toThrow(/EADDRINUSE/)
    await other.close()
  })

  it('may be IPv6', async () => {
    const other = await startAdminServer('[::1]:0', sources)
    expect(other.address).toMatch(/^\[::1\]:[1-9]\d*$/)
    expect((await fetch(`http://${other.address}/livez`)).status).toBe(200)
    await other.close()
  })

  it('may not be taken', async () => {
    await expect(startAdminServer(server.address, sources)).rejects.toThrow(/EADDRINUSE/)
  })
})

async function askSocket(socketPath: string): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    request({ socketPath, path: '/livez' }, (response) => {
      response.resume()
      resolve(response)
    })
      .once('error', reject)
      .end()
  })
}
