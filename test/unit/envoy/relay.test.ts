/** The relay: what cannot be handed on is answered all the same, and what broke once works again. */
import {
  connect,
  createServer,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ServerHttp2Stream,
} from 'node:http2'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { endClient } from '../../support/end-client.js'
import { createRelay, type InjectConnection, type Relay } from '../../../src/envoy/relay.js'
import { ServerConnection } from '../../../src/http2/index.js'
import { callRaw, type RawAnswer } from '../../support/raw-call.js'
import { until } from '../../support/until.js'

const listeners: Server[] = []
const faults: unknown[] = []
const clients: ClientHttp2Session[] = []
let relay: Relay

afterEach(async () => {
  for (const client of clients.splice(0)) await endClient(client)
  relay.close()
  for (const listener of listeners.splice(0)) listener.close()
  expect(faults.splice(0)).toEqual([])
})

/** A server behind the relay, which answers by `serve`. */
function behind(serve: (stream: ServerHttp2Stream) => void): InjectConnection {
  const server = createServer()
  server.on('stream', (stream) => {
    stream.on('error', () => undefined)
    serve(stream)
  })
  server.on('sessionError', () => undefined)
  return (connection) => server.emit('connection', connection)
}

/** A listener that hands every stream on. */
async function open(inject: InjectConnection, maxStreams = 10): Promise<string> {
  relay = createRelay(inject, maxStreams)
  const listener = createTcpServer((socket) => {
    new ServerConnection(socket, {
      serve: (stream, connection) => relay.take(stream, connection),
      onFault: (fault) => faults.push(fault),
      maxUnfinishedBytes: 1_000_000,
    })
  })
  listeners.push(listener)
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${String((listener.address() as AddressInfo).port)}`
}

const unavailable = { isTrailersOnly: true, headers: { ':status': 200, 'grpc-status': '14' } }

function connectTo(address: string): ClientHttp2Session {
  const client = connect(`http://${address}`)
  client.on('error', () => undefined)
  clients.push(client)
  return client
}

/** A call that sends no more than its headers. */
function begin(client: ClientHttp2Session): ClientHttp2Stream {
  const stream = client.request({ ':method': 'POST', ':path': '/a/b' }, { endStream: false })
  stream.on('error', () => undefined)
  return stream
}

/** The status of an answer of trailers only, or how the call ended without one. */
async function statusOf(stream: ClientHttp2Stream): Promise<unknown> {
  return await new Promise((resolve) => {
    stream.once('response', (headers) => {
      resolve(headers['grpc-status'])
    })
    stream.once('close', () => {
      resolve(`reset ${String(stream.rstCode)}`)
    })
  })
}

function answerOk(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true })
}

describe('what the relay cannot hand on', () => {
  it('because too much of one connection is under way is UNAVAILABLE, until something ends', async () => {
    const held: ServerHttp2Stream[] = []
    const address = await open(
      behind((stream) => held.push(stream)),
      2,
    )
    const client = connectTo(address)
    const first = [begin(client), begin(client)]
    await until(() => held.length === 2)
    expect(await statusOf(begin(client))).toBe('14')
    for (const stream of held.splice(0)) answerOk(stream)
    for (const stream of first) expect(await statusOf(stream)).toBe('0')
    const next = begin(client)
    await until(() => held.length === 1)
    for (const stream of held) answerOk(stream)
    expect(await statusOf(next)).toBe('0')
  })

  it('counts also what is left of a connection behind that takes no more', async () => {
    const held: ServerHttp2Stream[] = []
    const address = await open(
      behind((stream) => held.push(stream)),
      2,
    )
    const client = connectTo(address)
    begin(client)
    await until(() => held.length === 1)
    held[0]?.session?.goaway()
    held[0]?.session?.close()
    const second = begin(client)
    expect(await Promise.race([statusOf(second), until(() => held.length === 2)])).not.toBe('14')
    expect(await statusOf(begin(client))).toBe('14')
  })

  it('because there is no connection is UNAVAILABLE', async () => {
    const address = await open(() => {
      throw new Error('no connection')
    })
    expect(await callRaw(address, {})).toMatchObject(unavailable)
  })

  it('because the connection breaks is UNAVAILABLE, and the next gets another one', async () => {
    const connections: Duplex[] = []
    let isBroken = true
    const inject = behind((stream) => {
      if (isBroken) connections.at(-1)?.destroy()
      else answerOk(stream)
    })
    const address = await open((connection) => {
      connections.push(connection)
      inject(connection)
    })
    expect(await callRaw(address, {})).toMatchObject(unavailable)
    isBroken = false
    expect((await callRaw(address, {})).headers['grpc-status']).toBe('0')
    expect(connections).toHaveLength(2)
  })
})

describe('two clients of a relay', () => {
  it('have places of their own', async () => {
    const held: ServerHttp2Stream[] = []
    const address = await open(
      behind((stream) => held.push(stream)),
      1,
    )
    begin(connectTo(address))
    await until(() => held.length === 1)
    const other = begin(connectTo(address))
    await until(() => held.length === 2)
    held.forEach(answerOk)
    expect(await statusOf(other)).toBe('0')
  })

  it('have connections of their own behind it, which end with theirs', async () => {
    const connections: Duplex[] = []
    const held: ServerHttp2Stream[] = []
    const inject = behind((stream) => held.push(stream))
    const address = await open((connection) => {
      connections.push(connection)
      inject(connection)
    })
    const [one, other] = [connectTo(address), connectTo(address)]
    const left = begin(one)
    const stays = begin(other)
    begin(other)
    await until(() => held.length === 3)
    expect(connections).toHaveLength(2)
    left.on('error', () => undefined)
    await endClient(one)
    await until(() => connections.some(({ destroyed }) => destroyed))
    expect(connections.filter(({ destroyed }) => destroyed)).toHaveLength(1)
    for (const stream of held) if (!stream.destroyed) answerOk(stream)
    expect(await statusOf(stays)).toBe('0')
  })
})

describe('a stream that the relay hands on', () => {
  it.each<[string, (stream: ServerHttp2Stream) => void, Partial<RawAnswer>]>([
    [
      'that is reset before its answer',
      (stream) => {
        stream.close(2)
      },
      unavailable,
    ],
    [
      'that is reset after its headers',
      (stream) => {
        stream.respond({ ':status': 200 })
        stream.write('x')
        setImmediate(() => {
          stream.close(2)
        })
      },
      { rstCode: 2 },
    ],
    [
      'that ends without trailers',
      (stream) => {
        stream.respond({ ':status': 200 })
        stream.end('x')
      },
      { rstCode: 2 },
    ],
  ])('%s is no answer for the client either', async (_name, serve, expected) => {
    expect(await callRaw(await open(behind(serve)), {})).toMatchObject(expected)
  })

  it('ends behind it when the client goes', async () => {
    const held: ServerHttp2Stream[] = []
    const address = await open(
      behind((stream) => {
        held.push(stream)
      }),
    )
    const call = callRaw(address, { staysOpen: true, endsAfterMs: 20 })
    await until(() => held.length === 1 && held[0]?.destroyed === true)
    expect(held[0]?.rstCode).toBe(8)
    await call
  })
})
