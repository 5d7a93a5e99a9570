/** What a question must say, who may ask it, and what nobody can talk a door into. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  startTestAuthorizationServer,
  type TestAuthorizationServer,
} from '../../support/authorization-server.js'
import { contractLines, httpDoors, httpQuestion } from '../../support/http-question.js'
import { sendRaw, type RawAnswer } from '../../support/raw-http.js'
import { startTestGate, testConfig, type TestGate } from '../../support/test-gate.js'

let issuer: TestAuthorizationServer
let gate: TestGate
let port: number
let bearer: string
beforeAll(async () => {
  issuer = await startTestAuthorizationServer()
  gate = await startTestGate(testConfig(issuer))
  port = Number(gate.addresses.http.split(':')[1])
  bearer = `Authorization: Bearer ${await issuer.token()}`
})
afterAll(async () => {
  await gate.close()
  await issuer.close()
})

async function send(...lines: readonly string[]): Promise<RawAnswer> {
  return await sendRaw(port, `${lines.join('\r\n')}\r\n\r\n`)
}

function lastLine(): Record<string, unknown> {
  return gate.log.at(-1) ?? {}
}

/** The header lines of a door's contract, each of which has to be there once. */
const contractHeaders = httpDoors.flatMap((door) => {
  const [line, ...headers] = contractLines(door, 'GET', '/read', 'api.example.com')
  const isContract = (header: string): boolean => !header.startsWith('Host: scopegate') // Not the original host, and not looked at.
  return headers.filter(isContract).map((header) => ({ door, line, headers, header }))
})

describe('a question', () => {
  it.each(httpDoors)('that is whole is answered through %s', async (door) => {
    const question = contractLines(door, 'GET', '/read', 'api.example.com')
    expect((await send(...question, bearer)).status).toBe(200)
  })

  it.each(contractHeaders)('through $door without "$header" is refused', async (row) => {
    const answer = await send(row.line, ...row.headers.filter((h) => h !== row.header), bearer)
    expect([400, 403]).toContain(answer.status)
    const name = row.header.split(':', 1)[0]?.toLowerCase() ?? ''
    expect(lastLine()).toMatchObject({
      door: row.door,
      reason: 'malformed_request',
      fault: `${name} is missing`,
    })
  })

  it.each(contractHeaders)('through $door with "$header" twice is refused', async (row) => {
    const name = row.header.split(':', 1)[0] ?? ''
    for (const second of [row.header, `${name.toUpperCase()}: /health`, `${name}:`]) {
      const answer = await send(row.line, ...row.headers, second, bearer)
      expect([400, 403]).toContain(answer.status)
      expect(lastLine()).toMatchObject({ fault: `${name.toLowerCase()} is given twice` })
    }
  })

  it.each(httpDoors)('through %s is not changed by the headers of other doors', async (door) => {
    const [line, ...headers] = contractLines(door, 'GET', '/read', 'api.example.com')
    const own = new Set(headers.map((header) => header.split(':', 1)[0]?.toLowerCase()))
    const forged = [
      ...httpDoors.flatMap((other) => contractLines(other, 'GET', '/health', 'x').slice(1)),
      ...['X-Envoy-Original-Path: /health', 'X-Rewrite-URL: /health', 'Forwarded: host=x'],
      ...['X-Original-Host: x', 'X-HTTP-Method-Override: POST', 'X-Forwarded-Path: /health'],
    ].filter((header) => !own.has(header.split(':', 1)[0]?.toLowerCase()))
    const answer = await send(line, ...headers, ...forged)
    expect(answer.status).toBe(401)
    expect(lastLine()).toMatchObject({ path: '/read', method: 'GET', reason: 'missing_token' })
  })

  it.each(['/', '/nginx/', '/nginx/read', '/NGINX', '//nginx', '/unknown/read', '*'])(
    'for %s belongs to no door',
    async (path) => {
      const [, ...headers] = contractLines('nginx', 'GET', '/health', 'api.example.com')
      const answer = await send(`GET ${path} HTTP/1.1`, ...headers)
      expect([400, 403]).toContain(answer.status)
      expect(lastLine()).toMatchObject({ reason: 'malformed_request' })
      expect(String(lastLine()['fault'])).toMatch(/dialect/)
    },
  )

  it('is not changed by a query that the proxy sends along', async () => {
    const [, ...headers] = contractLines('caddy', 'GET', '/read', 'api.example.com')
    for (const query of ['?', '?/', '?/health', '?a=b/../health', '??']) {
      expect((await send(`GET /caddy${query} HTTP/1.1`, ...headers)).status).toBe(401)
      expect(lastLine()).toMatchObject({ door: 'caddy', path: '/read' })
      expect((await send(`GET /caddy${query} HTTP/1.1`, ...headers, bearer)).status).toBe(200)
      expect((await send(`GET /envoy${query} HTTP/1.1`, 'host: api.example.com')).status).toBe(400)
    }
  })

  it('with two credentials is refused however they are spread', async () => {
    const question = contractLines('traefik', 'GET', '/read', 'api.example.com')
    for (const second of [bearer, 'AUTHORIZATION: Basic eDp5', 'authorization:']) {
      expect((await send(...question, bearer, second)).status).toBe(400)
      expect((await send(...question, second, bearer)).status).toBe(400)
    }
  })

  it('with thousands of headers keeps the last of them', async () => {
    const question = contractLines('caddy', 'GET', '/read', 'api.example.com')
    const many = Array.from({ length: 5_000 }, (_, i) => `x-${String(i)}: 1`)
    expect((await send(...question, bearer, ...many)).status).toBe(200)
    expect((await send(...question, bearer, ...many, bearer)).status).toBe(400)
  })

  it('may have a body, which nobody reads', async () => {
    const question = contractLines('envoy-http', 'POST', '/health', 'api.example.com')
    const body = 'x'.repeat(100_000)
    const length = `content-length: ${String(body.length)}`
    expect(
      (await sendRaw(port, `${[...question, length].join('\r\n')}\r\n\r\n${body}`)).status,
    ).toBe(200)
  })

  it('that waits for leave to send its body gets it', async () => {
    const question = contractLines('envoy-http', 'POST', '/health', 'api.example.com')
    const expecting = [...question, 'EXPECT: 100-continue', 'content-length: 2']
    const isWhole = (received: string): boolean => received.includes('content-length: 0\r\n')
    const bytes = `${expecting.join('\r\n')}\r\n\r\n{}`
    const { status, body } = await sendRaw(port, bytes, undefined, isWhole)
    expect(status).toBe(100)
    expect(body).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })

  it('that expects what nobody can do is refused', async () => {
    const question = contractLines('envoy-http', 'GET', '/health', 'api.example.com')
    const { status } = await sendRaw(
      port,
      `${question.join('\r\n')}\r\nExpect: magic\r\n\r\n`,
      undefined,
      (text) => text.includes('\r\n\r\n'),
    )
    expect(status).toBe(417)
  })

  it.each(['HEAD', 'OPTIONS', 'PUT', 'PURGE'])('about %s is one about %s', async (method) => {
    const answer = await send(...contractLines('envoy-http', method, '/health', 'api.example.com'))
    expect(answer.status).toBe(200)
  })

  it('that is a CONNECT is refused, not dropped', async () => {
    expect((await send('CONNECT api.example.com:443 HTTP/1.1', 'host: x')).status).toBe(400)
    expect(lastLine()).toMatchObject({ door: 'http', reason: 'malformed_request' })
  })

  it('that asks for another protocol is answered like any other', async () => {
    const upgrade = ['connection: upgrade', 'upgrade: websocket']
    const question = contractLines('caddy', 'GET', '/read', 'api.example.com')
    expect((await send(...question, ...upgrade)).status).toBe(401)
    expect((await send(...question, ...upgrade, bearer)).status).toBe(200)
  })

  it.each(['\x16\x03\x01\x02', 'GET', 'GET / HTTP/9.9', 'PRI * HTTP/2.0', 'get /nginx HTTP/1.1'])(
    'that is not HTTP is refused: %j',
    async (line) => {
      expect((await send(line, 'host: x')).status).toBe(400)
      expect(lastLine()).toMatchObject({ door: 'http', fault: 'not HTTP' })
    },
  )

  it('about a URL that is none is refused', async () => {
    for (const url of [
      '/read',
      'https://',
      'https://api.example.com',
      'ftp://x/read',
      'https:///read',
    ]) {
      const lines = ['GET /ingress-nginx HTTP/1.1', 'host: x', 'X-Original-Method: GET']
      expect((await send(...lines, `X-Original-URL: ${url}`, bearer)).status).toBe(403)
      expect(lastLine()).toMatchObject({ fault: 'x-original-url is not a URL' })
    }
  })

  it('is counted under its door', async () => {
    const text = await gate.metrics()
    for (const door of [...httpDoors, 'http']) {
      expect(text).toMatch(new RegExp(`scopegate_decisions_total\\{[^}]*door="${door}"\\} [1-9]`))
    }
  })
})

describe('a stranger', () => {
  it.each([
    [['10.0.0.0/8'], 403],
    [['10.0.0.0/8', '127.0.0.0/30'], 200],
    [['127.0.0.1'], 200],
    [['127.0.0.2', '::1', 'fe80::/10'], 403],
  ])('is told nothing when trusted are %j', async (trustedProxies, status) => {
    const guarded = await startTestGate(
      testConfig(issuer, { listen: { http: { trustedProxies } } }),
    )
    try {
      const question = httpQuestion('traefik', { path: '/health' })
      const guardedPort = Number(guarded.addresses.http.split(':')[1])
      const answer = await sendRaw(guardedPort, question)
      expect(answer.status).toBe(status)
      if (status === 200) return
      expect(answer.headers['connection']).toEqual(['close'])
      expect(answer.headers['www-authenticate']).toBeUndefined()
      expect(guarded.log.at(-1)).toMatchObject({
        door: 'traefik',
        reason: 'untrusted_proxy',
        fault: 'the address is in none of trustedProxies',
      })
      expect(guarded.log.at(-1)).not.toHaveProperty('path')
    } finally {
      await guarded.close()
    }
  })
})
