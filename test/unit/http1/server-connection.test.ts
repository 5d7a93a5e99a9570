/** The life of a connection that is read without Node: order, bounds, times, and ends. */
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import {
  ServerConnection,
  type RequestHead,
  type ServerConnectionOptions,
} from '../../../src/http1/index.js'
import { startSocketServer } from '../../support/http1-conversation.js'
import { until } from '../../support/until.js'

interface Peer {
  readonly client: Socket
  readonly connection: ServerConnection
  /** The server's end. */
  readonly socket: Socket
  received: string
}

const question = 'GET /a HTTP/1.1\r\nhost: a\r\n\r\n'
const stops: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

const served: { head: RequestHead; connection: ServerConnection }[] = []
const handedOver: Socket[] = []
const refused: string[] = []
afterEach(() => {
  for (const list of [served, handedOver, refused]) list.splice(0)
})

/** Answers the oldest question that has no answer yet, by the place it has in the order. */
let answered = 0
afterEach(() => {
  answered = 0
})
function answer(body = ''): void {
  const { head, connection } = served[answered] ?? {}
  const id = String(answered)
  answered += 1
  connection?.respond(
    `HTTP/1.1 200 OK\r\ncontent-length: ${String(body.length)}\r\nid: ${id}\r\n`,
    body,
  )
  expect(head).toBeDefined()
}

async function open(options: Partial<ServerConnectionOptions> = {}): Promise<Peer> {
  const all: ServerConnectionOptions = {
    maxHeadBytes: 8_192,
    requestTimeoutMs: 10_000,
    keepAliveMs: 10_000,
    serve: (head, connection) => served.push({ head, connection }),
    handOver: (socket) => handedOver.push(socket),
    refuse: (socket, fault) => {
      refused.push(fault)
      socket.destroy()
    },
    ...options,
  }
  let accepted: Pick<Peer, 'connection' | 'socket'> | undefined
  const sockets = await startSocketServer((socket) => {
    accepted = { socket, connection: new ServerConnection(socket, all) }
  })
  stops.push(async () => {
    await sockets.close()
  })
  const client = connect({
    port: sockets.port,
    host: '127.0.0.1',
    noDelay: true,
    allowHalfOpen: true,
  })
  stops.push(() => {
    client.destroy()
  })
  client.on('error', () => undefined).setEncoding('latin1')
  await until(() => accepted !== undefined)
  const peer = { client, received: '', ...(accepted as Pick<Peer, 'connection' | 'socket'>) }
  client.on('data', (text: string) => (peer.received += text))
  return peer
}

describe('questions on one connection', () => {
  it('are served one after the other', async () => {
    const peer = await open()
    peer.client.write(question.repeat(3))
    for (const count of [1, 2, 3]) {
      await until(() => served.length === count)
      expect(peer.received.match(/id: /g) ?? []).toHaveLength(count - 1)
      answer()
      await until(() => peer.received.includes(`id: ${String(count - 1)}\r\n`))
    }
  })

  it('may be as many as a packet holds', async () => {
    const peer = await open({
      serve(head, connection) {
        served.push({ head, connection })
        answer()
      },
    })
    peer.client.write(question.repeat(20_000))
    await until(() => peer.received.endsWith('id: 19999\r\nconnection: keep-alive\r\n\r\n'))
    expect(handedOver).toEqual([])
  })

  it('wait in the network while one is being answered', async () => {
    const peer = await open()
    peer.client.write(question.repeat(1_000_000))
    await until(() => peer.socket.isPaused())
    const before = peer.socket.bytesRead
    expect(before).toBeLessThan(1_000_000)
    answer()
    await until(() => served.length === 2)
    expect(peer.socket.bytesRead).toBe(before)
  })

  it('wait in the network while nobody reads the answers', async () => {
    const peer = await open({
      serve(head, connection) {
        served.push({ head, connection })
        answer('b'.repeat(100_000))
      },
    })
    peer.client.pause()
    peer.client.write(question.repeat(1_000))
    await until(() => peer.socket.writableNeedDrain)
    expect(peer.socket.writableLength).toBeLessThan(300_000)
    expect(served.length).toBeLessThan(900)
    peer.client.resume()
    await until(() => served.length === 1_000)
  })

  it('may come in pieces', async () => {
    const peer = await open()
    for (const octet of question.slice(0, 10)) {
      const before = peer.socket.bytesRead
      peer.client.write(octet)
      await until(() => peer.socket.bytesRead > before)
    }
    peer.client.write(question.slice(10))
    await until(() => served.length === 1)
    expect(served[0]?.head).toMatchObject({ target: '/a', fields: ['host', 'a'] })
  })

  it('in too many pieces are given away whole', async () => {
    let again = ''
    const peer = await open({
      handOver: (socket) => socket.on('data', (octets) => (again += octets.toString('latin1'))),
    })
    for (const octet of question.slice(0, 17)) {
      const before = peer.socket.bytesRead
      peer.client.write(octet)
      await until(() => peer.socket.bytesRead > before)
    }
    peer.client.write(question.slice(17))
    await until(() => again === question)
    expect(served).toEqual([])
  })
})

describe('a connection', () => {
  it.each([
    ['says nothing', ''],
    ['stops in a question', question.slice(0, -1)],
  ])('that %s is refused in time', async (_, bytes) => {
    const peer = await open({ requestTimeoutMs: 30 })
    peer.client.write(bytes)
    await until(() => refused.length === 1)
    expect(refused).toEqual(['late'])
    expect(served).toEqual([])
  })

  it('has all the time for an answer', async () => {
    const peer = await open({ requestTimeoutMs: 20, keepAliveMs: 20 })
    peer.client.write(question)
    await until(() => served.length === 1)
    const fired = new Promise((resolve) => peer.socket.once('timeout', resolve))
    await fired
    answer()
    await until(() => peer.received.includes('200 OK'))
    expect(refused).toEqual([])
  })

  it('that has its answer ends when it says nothing more', async () => {
    const peer = await open({ keepAliveMs: 30 })
    peer.client.write(question)
    await until(() => served.length === 1)
    answer()
    await until(() => peer.client.readableEnded)
    expect(refused).toEqual([])
  })

  it('that ends its side still gets its answers', async () => {
    const peer = await open()
    peer.client.end(question.repeat(2))
    await until(() => served.length === 1)
    answer()
    await until(() => served.length === 2)
    answer()
    await until(() => peer.client.readableEnded)
    expect(peer.received.match(/id: /g)).toHaveLength(2)
  })

  it('that ends in the middle of a question is refused', async () => {
    const peer = await open()
    peer.client.end(question.slice(0, 5))
    await until(() => refused.length === 1)
    expect(refused).toEqual(['cut'])
  })

  it('that is reset takes no answer and no time', async () => {
    const peer = await open()
    peer.client.write(question)
    await until(() => served.length === 1)
    peer.client.resetAndDestroy()
    await until(() => peer.socket.closed)
    answer()
    expect(peer.socket.listenerCount('data')).toBe(0)
  })
})

describe('close', () => {
  it('ends at once who has an answer, and with the answer who waits for one', async () => {
    const idle = await open()
    idle.client.write(question)
    await until(() => served.length === 1)
    answer()
    const busy = await open()
    busy.client.write(question.repeat(2))
    await until(() => served.length === 2)
    idle.connection.close()
    busy.connection.close()
    await until(() => idle.client.readableEnded)
    answer()
    await until(() => busy.client.readableEnded)
    expect(busy.received).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*\r\nconnection: close\r\n\r\n$/)
    expect(served).toHaveLength(2)
  })

  it('lets who has just come ask', async () => {
    const peer = await open()
    peer.connection.close()
    peer.client.write(question)
    await until(() => served.length === 1)
    answer()
    await until(() => peer.received.includes('keep-alive'))
  })
})
