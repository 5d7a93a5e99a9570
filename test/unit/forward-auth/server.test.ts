/** The life of connections: slow ones end, idle ones stay, and a server that leaves loses nothing. */
import { connect, type Socket } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Check, DecisionEvent } from '../../../src/check/index.js'
import {
  createForwardAuthService,
  dialects,
  startForwardAuthServer,
  type ForwardAuthServer,
  type ForwardAuthServerOptions,
} from '../../../src/forward-auth/index.js'
import { testAllow, testRefusal } from '../../support/decisions.js'
import { httpQuestion } from '../../support/http-question.js'
import { sendRaw } from '../../support/raw-http.js'
import { until } from '../../support/until.js'

const question = httpQuestion('traefik', { path: '/read' })
let server: ForwardAuthServer | undefined
const events: DecisionEvent[] = []
const faults: unknown[] = []
afterEach(async () => {
  await server?.close(0)
  server = undefined
  events.splice(0)
  faults.splice(0)
})

async function start(
  options: Partial<ForwardAuthServerOptions> = {},
  decide: (...request: Parameters<Check>) => ReturnType<Check> = () => testAllow(),
  observe: (event: DecisionEvent) => void = (event) => events.push(event),
): Promise<number> {
  const check: Check = Object.assign(decide, { refuse: testRefusal })
  const service = createForwardAuthService({
    check,
    observer: { decided: observe },
    nextDecisionId: () => '0123456789abcdef00000001',
    monotonicMs: () => 0,
    onFault: (fault) => faults.push(fault),
    dialects: dialects({ defersUnavailable: false }),
    managedHeaders: () => [],
  })
  const defaults = {
    address: '127.0.0.1:0',
    tls: undefined,
    trustedProxies: ['127.0.0.1'],
    maxHeaderBytes: 65_536,
    maxConnections: 100,
    requestTimeoutMs: 10_000,
    keepAliveMs: 10_000,
  }
  server = await startForwardAuthServer({ ...defaults, ...options }, service)
  return Number(server.address.split(':')[1])
}

async function open(port: number): Promise<Socket & { received: string }> {
  const socket = Object.assign(connect(port, '127.0.0.1'), { received: '' })
  socket.setEncoding('latin1').on('data', (text: string) => (socket.received += text))
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

describe('a connection', () => {
  it.each(['CONNECT gate:1 HTTP/1.1\r\n\r\n', 'not HTTP\r\n\r\n'])(
    'that was refused gives its place back, also when its client does not end it: %j',
    async (line) => {
      const port = await start({ maxConnections: 1 })
      const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      client.on('error', () => undefined).resume()
      client.write(line)
      await new Promise((resolve) => client.once('end', resolve))
      try {
        await until(async () => {
          const next = await open(port)
          next.write(question)
          await until(() => next.received !== '' || next.closed)
          next.destroy()
          return next.received.startsWith('HTTP/1.1 200')
        })
      } finally {
        client.destroy()
      }
    },
  )

  it('carries one question after the other', async () => {
    const socket = await open(await start())
    for (const count of [1, 2, 3]) {
      socket.write(question)
      await until(() => socket.received.split('HTTP/1.1 200 OK').length === count + 1)
    }
    expect(socket.received).not.toContain('close')
    socket.destroy()
  })

  it.each([
    ['says nothing', ''],
    ['stops in the request line', 'GET /tra'],
    ['stops between headers', question.slice(0, -2)],
    ['stops inside its body', question.replace(/\r\n\r\n$/, '\r\ncontent-length: 10\r\n\r\nabc')],
  ])('that %s is ended in time', async (_, bytes) => {
    const socket = await open(await start({ requestTimeoutMs: 50 }))
    socket.write(bytes)
    await until(() => socket.closed || socket.readableEnded)
    socket.destroy()
  })

  it('with too large headers is told so', async () => {
    const port = await start({ maxHeaderBytes: 8_192 })
    const large = question.replace(/\r\n\r\n$/, `\r\nx: ${'a'.repeat(9_000)}\r\n\r\n`)
    expect((await sendRaw(port, large)).status).toBe(431)
    expect(events.map(({ decision }) => decision.labels.reason)).toEqual(['malformed_request'])
  })

  it('beyond the bound is not taken', async () => {
    const port = await start({ maxConnections: 1 })
    const first = await open(port)
    first.write(question)
    await until(() => first.received.includes('200 OK'))
    expect((await sendRaw(port, question)).status).toBe(0)
    first.destroy()
    await until(async () => (await sendRaw(port, question)).status === 200)
  })

  it('that is reset in the middle of a decision costs nothing', async () => {
    let settle: (() => void) | undefined
    const port = await start(
      {},
      () =>
        new Promise(
          (resolve) =>
            (settle = () => {
              resolve(testAllow())
            }),
        ),
    )
    const socket = await open(port)
    socket.write(question)
    await until(() => settle !== undefined)
    socket.resetAndDestroy()
    settle?.()
    await until(() => events.length === 1)
    expect(faults).toEqual([])
  })
})

describe('a server that leaves', () => {
  it('closes connections with their answers while it drains', async () => {
    const port = await start()
    const idle = await open(port)
    const busy = await open(port)
    busy.write(question.slice(0, 20))
    server?.drain()
    busy.write(question.slice(20))
    await until(() => busy.closed || busy.readableEnded)
    expect(busy.received).toMatch(/200 OK[^]*connection: close/i)
    expect((await sendRaw(port, question)).status).toBe(200)
    idle.destroy()
    busy.destroy()
  })

  it('lets questions under way finish, and takes no more', async () => {
    let settle: (() => void) | undefined
    const port = await start(
      {},
      () =>
        new Promise(
          (resolve) =>
            (settle = () => {
              resolve(testAllow())
            }),
        ),
    )
    const answer = sendRaw(port, question)
    await until(() => settle !== undefined)
    const closed = server!.close(5_000)
    await until(async () => (await sendRaw(port, question)).status === 0)
    settle?.()
    expect((await answer).status).toBe(200)
    await closed
  })

  it('cuts what is left when the time is over', async () => {
    let asked = false
    const port = await start({}, () => {
      asked = true
      return new Promise(() => undefined)
    })
    const answer = sendRaw(port, question)
    await until(() => asked)
    await server!.close(10)
    expect((await answer).status).toBe(0)
  })
})

describe('faults of our own', () => {
  it('an observer that throws changes no answer', async () => {
    const port = await start({}, undefined, () => {
      throw new Error('the log is full')
    })
    expect((await sendRaw(port, question)).status).toBe(200)
    expect(faults).toHaveLength(1)
  })

  it('an answer that cannot be built is a refusal', async () => {
    const broken = { ...testAllow(), identityHeaders: undefined as never }
    const port = await start({}, () => broken)
    expect((await sendRaw(port, question)).status).toBe(500)
    expect(events.map(({ decision }) => decision.labels.reason)).toEqual(['internal_error'])
    expect(faults).toHaveLength(1)
  })

  it('an answer that Node refuses to send is a refusal', async () => {
    const allow = testAllow()
    const headers = [{ name: 'x-auth-subject', value: 'a\nb' }]
    const port = await start({}, () => ({ ...allow, identityHeaders: { headers, dropped: [] } }))
    expect((await sendRaw(port, question)).status).toBe(500)
    expect(events.map(({ decision }) => decision.labels.reason)).toEqual(['internal_error'])
    expect(faults).toHaveLength(1)
  })
})

describe('a unix socket', () => {
  it('trusts who may open it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'scopegate-http-'))
    const socketPath = join(directory, 'http.sock')
    await start({ address: `unix:${socketPath}`, trustedProxies: [] })
    const status = await new Promise((resolve, reject) => {
      const agent = new Agent({ keepAlive: false })
      const headers = {
        'x-forwarded-method': 'GET',
        'x-forwarded-uri': '/',
        'x-forwarded-host': 'x',
      }
      httpRequest({ socketPath, path: '/traefik', headers, agent }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', reject)
        .end()
    })
    expect(status).toBe(200)
    await rm(directory, { recursive: true })
  })
})
