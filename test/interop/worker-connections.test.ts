/**
 * The connections of a gate of two workers, from outside: shared evenly however they come, none lost with a worker, and
 * treated by a worker as by a gate of one process.
 */
import { credentials } from '@grpc/grpc-js'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  startTestAuthorizationServer,
  type TestAuthorizationServer,
} from '../support/authorization-server.js'
import { createCertificateAuthority, createEndCertificate } from '../support/certificates.js'
import { createCheckClient, type CheckClient } from '../support/check-client.js'
import { httpQuestion } from '../support/http-question.js'
import { startServeProcess, type ServeProcess } from '../support/serve-process.js'
import { testConfig } from '../support/test-gate.js'
import { until } from '../support/until.js'
import { isAlive, workerPids, workersReady } from '../support/worker-processes.js'

const authority = createCertificateAuthority('Test CA')
/** Where the HTTP doors listen, and whom they trust. */
const proxies = { address: '127.0.0.1:0', trustedProxies: ['127.0.0.1'] }
const question = httpQuestion('nginx', { path: '/read' })
const cleanups: (() => Promise<void> | void)[] = []
let issuer: TestAuthorizationServer
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scopegate-connections-'))
  const { certificate, key } = createEndCertificate('gate', authority)
  await writeFile(join(directory, 'gate.crt'), certificate)
  await writeFile(join(directory, 'gate.key'), key)
  issuer = await startTestAuthorizationServer()
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  await issuer.close()
  await rm(directory, { recursive: true })
})

interface Listen {
  readonly address?: string
  readonly isTls?: boolean
  readonly http?: object
}

async function startWorkers({ address, isTls = false, http = {} }: Listen): Promise<ServeProcess> {
  const tls = isTls
    ? { tls: { certFile: join(directory, 'gate.crt'), keyFile: join(directory, 'gate.key') } }
    : {}
  const listen = { grpc: tls, http: { ...proxies, ...tls, ...http } }
  const shutdown = { drainSeconds: 0, graceSeconds: 1 }
  const config = testConfig(issuer, { shutdown, listen })
  const gate = await startServeProcess(config, address, ['--workers', '2'])
  cleanups.push(gate.close)
  await workersReady(gate, 2)
  return gate
}

function clients({ addresses }: ServeProcess, count: number, isTls = false): CheckClient[] {
  const channel = isTls ? credentials.createSsl(Buffer.from(authority.certificate)) : undefined
  const address = isTls ? addresses.grpc.replace('127.0.0.1', 'localhost') : addresses.grpc
  return Array.from({ length: count }, () => {
    const client = createCheckClient(address, channel)
    cleanups.push(() => {
      client.close()
    })
    return client
  })
}

function httpPort({ addresses }: ServeProcess): number {
  return Number(addresses.http?.split(':')[1])
}

interface HttpConnection {
  readonly socket: Socket
  /** Everything that came back so far. */
  readonly received: () => string
  /** Whether the gate has ended its side. */
  readonly hasEnded: () => boolean
}

/** A connection to the HTTP doors. */
function httpConnection(gate: ServeProcess): HttpConnection {
  // As curl and NGINX's own tests do it, a client may end its side before it has read.
  const socket = connect({ port: httpPort(gate), host: '127.0.0.1', allowHalfOpen: true })
  let received = ''
  socket.setEncoding('utf8').on('data', (text: string) => (received += text))
  socket.on('error', () => undefined)
  cleanups.push(() => {
    socket.destroy()
  })
  return {
    socket,
    received: () => received,
    hasEnded: () => socket.readableEnded || socket.closed,
  }
}

/** How many refusals each worker has logged. */
function refusals(gate: ServeProcess): number[] {
  const counts = new Map<string, number>()
  for (const [, worker = ''] of gate.output().matchAll(/"worker":(\d+),"decision_id"/g)) {
    counts.set(worker, (counts.get(worker) ?? 0) + 1)
  }
  return [...counts.values()]
}

async function refused(gate: ServeProcess, count: number): Promise<number[]> {
  const all = (): number => refusals(gate).reduce((a, b) => a + b, 0)
  await until(() => all() === count, `${String(count)} lines of the log`)
  return refusals(gate)
}

describe('connections that come at once are shared evenly', () => {
  it.each([
    ['TCP', () => ({})],
    ['TLS', () => ({ isTls: true })],
    ['a unix socket', () => ({ address: `unix:${directory}/gate.sock` })],
  ] as [string, () => Listen][])('on %s', async (_name, listen) => {
    const gate = await startWorkers(listen())
    const all = clients(gate, 20, listen().isTls)
    await Promise.all(all.map(async (client) => await client.check({ path: '/read' })))
    expect(await refused(gate, 20)).toEqual([10, 10])
  })

  it('at the HTTP doors', async () => {
    const gate = await startWorkers({})
    for (let count = 0; count < 20; count += 1) httpConnection(gate).socket.write(question)
    expect(await refused(gate, 20)).toEqual([10, 10])
  })
})

describe('a connection', () => {
  it('that was handed to a worker which is killed before it takes it is given to another', async () => {
    const gate = await startWorkers({})
    const [first = 0] = await workerPids(gate)
    process.kill(first, 'SIGSTOP')
    const headers = { authorization: `Bearer ${await issuer.token()}` }
    let answered = 0
    const answers = clients(gate, 4).map(async (client) => {
      const { kind } = await client.check({ path: '/read', headers }, 50_000)
      answered += 1
      return kind
    })
    // The others are with the worker that does nothing.
    await until(() => answered >= 2, 'two answers')
    expect(answered).toBeLessThan(4)
    process.kill(first, 'SIGKILL')
    expect(await Promise.all(answers)).toEqual(['ok', 'ok', 'ok', 'ok'])
  })

  it('that comes while all workers are lost waits for the next one', async () => {
    const gate = await startWorkers({})
    const pids = await workerPids(gate)
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    await until(async () => !(await Promise.all(pids.map(isAlive))).some(Boolean), 'their end')
    const { socket, received } = httpConnection(gate)
    socket.write(question)
    await until(() => received() !== '', 'an answer')
    expect(received()).toMatch(/^HTTP\/1\.1 401 /)
  })

  it('continues a session of TLS that began at the other worker', async () => {
    const gate = await startWorkers({ isTls: true })
    let session: Buffer | undefined
    const open = async (): Promise<TLSSocket> => {
      const options = { port: httpPort(gate), servername: 'localhost', ca: authority.certificate }
      const socket = connectTls({ ...options, session })
      cleanups.push(() => {
        socket.destroy()
      })
      socket.on('session', (given: Buffer) => (session ??= given))
      socket.write(question)
      await new Promise((resolve) => socket.once('data', resolve))
      return socket
    }
    expect((await open()).isSessionReused()).toBe(false)
    expect((await open()).isSessionReused()).toBe(true)
    expect(await refused(gate, 2)).toEqual([1, 1])
  })
})

describe('a worker treats a connection as a gate of one process does', () => {
  it('when its client ends its side before it has the answer', async () => {
    const gate = await startWorkers({})
    const { socket, received, hasEnded } = httpConnection(gate)
    socket.end(question)
    await until(hasEnded, 'the end')
    expect(received()).toMatch(/^HTTP\/1\.1 401 /)
  })

  it('when its question does not arrive in time', async () => {
    const gate = await startWorkers({ http: { requestTimeoutSeconds: 1 } })
    const { socket, received, hasEnded } = httpConnection(gate)
    socket.write('GET /nginx HTTP/1.1\r\n')
    await until(hasEnded, 'the end')
    expect(received()).toMatch(/^HTTP\/1\.1 408 /)
  })

  it('when there are too many', async () => {
    const gate = await startWorkers({ http: { maxConnections: 2 } })
    const all = Array.from({ length: 4 }, () => httpConnection(gate))
    for (const { socket } of all) socket.write(question)
    await until(() => all.every(({ received }) => received() !== ''), 'four answers')
    const fifth = httpConnection(gate)
    await until(fifth.hasEnded, 'the end')
    expect(fifth.received()).toBe('')
    all[0]?.socket.destroy()
    await until(async () => {
      const { socket, received, hasEnded } = httpConnection(gate)
      socket.write(question)
      await until(() => hasEnded() || received() !== '', 'an answer or an end')
      return received() !== ''
    }, 'the place of the one that has ended')
  })
})
