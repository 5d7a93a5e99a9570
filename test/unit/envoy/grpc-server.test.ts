/** The gRPC server as a process on a machine: addresses, sockets that were left behind, the life of connections. */
import { connect as connectHttp2 } from 'node:http2'
import { lstat, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { logVerbosity, setLogVerbosity, status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { endClient } from '../../support/end-client.js'
import type { Decision } from '../../../src/check/index.js'
import { createCheckClient, type CheckAnswer } from '../../support/check-client.js'
import { testAllow } from '../../support/decisions.js'
import { startTestDoor, type TestDoor, type TestDoorOptions } from '../../support/test-door.js'
import { until } from '../../support/until.js'

// grpc-js prints every address that it cannot bind, besides reporting it.
setLogVerbosity(logVerbosity.NONE)

const closing: (() => Promise<unknown> | undefined)[] = []
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scopegate-socket-'))
})

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  await rm(directory, { recursive: true })
})

async function open(options: TestDoorOptions = {}): Promise<TestDoor> {
  const door = await startTestDoor(options)
  closing.push(async () => {
    await door.close(0)
  })
  return door
}

async function check(address: string): Promise<CheckAnswer> {
  const client = createCheckClient(address)
  try {
    return await client.check({ path: '/read' })
  } finally {
    client.close()
  }
}

describe('startGrpcServer on TCP', () => {
  it('says which port it was given', async () => {
    const { address } = await open()
    expect(address).toMatch(/^127\.0\.0\.1:[1-9]\d+$/)
    expect((await check(address)).kind).toBe('ok')
  })

  it('listens on IPv6', async () => {
    const { address } = await open({ server: { address: '[::1]:0' } })
    expect(address).toMatch(/^\[::1\]:[1-9]\d+$/)
    expect((await check(address)).kind).toBe('ok')
  })

  it('rejects a port that is taken', async () => {
    const { address } = await open()
    await expect(open({ server: { address } })).rejects.toThrow(/EADDRINUSE/)
  })

  it('rejects an address that is not of this machine', async () => {
    await expect(open({ server: { address: '192.0.2.1:0' } })).rejects.toThrow(/EADDRNOTAVAIL/)
  })
})

describe('startGrpcServer on a Unix socket', () => {
  it('answers, and leaves no socket behind', async () => {
    const path = join(directory, 'gate.sock')
    const door = await open({ server: { address: `unix:${path}` } })
    expect(door.address).toBe(`unix:${path}`)
    expect((await check(door.address)).kind).toBe('ok')
    await door.close(0)
    await expect(lstat(path)).rejects.toThrow(/ENOENT/)
  })

  it('rejects a socket that somebody listens on, and leaves it alone', async () => {
    const path = join(directory, 'gate.sock')
    const { address } = await open({ server: { address: `unix:${path}` } })
    await expect(open({ server: { address } })).rejects.toThrow(/EADDRINUSE/)
    expect((await check(address)).kind).toBe('ok')
  })

  it('rejects a path where a file is, and leaves it alone', async () => {
    const path = join(directory, 'gate.sock')
    await writeFile(path, 'not a socket')
    await expect(open({ server: { address: `unix:${path}` } })).rejects.toThrow(/EADDRINUSE/)
    expect(await readFile(path, 'utf8')).toBe('not a socket')
  })
})

describe('the connections of the server', () => {
  it.each([
    ['is idle for too long', { maxConnectionIdleMs: 50 }],
    ['is too old', { maxConnectionAgeMs: 50 }],
  ])('are told to go when one %s', async (_name, server) => {
    const { address } = await open({ server })
    const session = connectHttp2(`http://${address}`)
    closing.push(async () => {
      await endClient(session)
    })
    let isToldToGo = false
    session.on('goaway', () => {
      isToldToGo = true
    })
    session.on('error', () => undefined)
    await until(() => isToldToGo, 'GOAWAY')
  })

  it('are cut when the peer answers no ping', async () => {
    const { address } = await open({ server: { keepaliveMs: 20, keepaliveTimeoutMs: 20 } })
    const socket = connectTcp(Number(address.split(':').at(-1)), '127.0.0.1')
    let isClosed = false
    socket.on('close', () => (isClosed = true)).on('error', () => undefined)
    // The preface and empty SETTINGS (RFC 9113 section 3.4), and then nothing more.
    socket.resume()
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0')
    await until(() => isClosed, 'the end of the connection')
  })

  it('outlive pings that are answered', async () => {
    const { address } = await open({ server: { keepaliveMs: 5, keepaliveTimeoutMs: 5_000 } })
    const session = connectHttp2(`http://${address}`)
    let pings = 0
    session.on('ping', () => (pings += 1))
    await until(() => pings >= 3, 'pings')
    expect(session.destroyed).toBe(false)
    await endClient(session)
  })

  it('lose no call to the age limit', async () => {
    const { address } = await open({ server: { maxConnectionAgeMs: 30 } })
    const client = createCheckClient(address)
    const end = performance.now() + 200
    const kinds = new Set<string>()
    while (performance.now() < end) kinds.add((await client.check({ path: '/read' })).kind)
    client.close()
    expect([...kinds]).toEqual(['ok'])
  })
})

describe('close', () => {
  it('lets a call under way finish', async () => {
    const waiting: ((decision: Decision) => void)[] = []
    const door = await open({
      check: async () =>
        await new Promise((resolve) => {
          waiting.push(resolve)
        }),
    })
    const answer = check(door.address)
    await until(() => waiting.length === 1)
    const closed = door.close(10_000)
    waiting[0]?.(testAllow())
    expect((await answer).kind).toBe('ok')
    await closed
  })

  it('cuts a call that outlasts the grace', async () => {
    let calls = 0
    const door = await open({
      check: async () => {
        calls += 1
        return await new Promise(() => undefined)
      },
    })
    const code = check(door.address).then(
      () => status.OK,
      (error: unknown) => (error as { code: status }).code,
    )
    await until(() => calls === 1)
    await door.close(20)
    // Cut by the server, not given up by the client.
    expect([status.CANCELLED, status.UNAVAILABLE]).toContain(await code)
  })

  it('takes no new connection', async () => {
    const door = await open()
    await door.close(0)
    await expect(check(door.address)).rejects.toThrow(/ECONNREFUSED/)
  })
})
