/** Questions on a connection that is read without Node: their order, their bounds, and how it ends. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConnectionWorld, question } from '../../support/connection-world.js'
import { until } from '../../support/until.js'

let world: ConnectionWorld
beforeEach(() => {
  world = new ConnectionWorld()
})
afterEach(async () => {
  await world.close()
})

describe('questions on one connection', () => {
  it('are served one after the other', async () => {
    const peer = await world.open()
    peer.client.write(question.repeat(3))
    for (const count of [1, 2, 3]) {
      await world.asked(count)
      expect(peer.received.match(/id: /g) ?? []).toHaveLength(count - 1)
      world.answer()
      await until(() => peer.received.includes(`id: ${String(count - 1)}\r\n`))
    }
  })

  it('may be as many as a packet holds', async () => {
    const peer = await world.open({
      serve(head, connection) {
        world.served.push({ head, connection })
        world.answer()
      },
    })
    peer.client.write(question.repeat(20_000))
    await until(() => peer.received.endsWith('id: 19999\r\nconnection: keep-alive\r\n\r\n'))
    expect(world.handedOver).toEqual([])
  })

  it('are served when whoever answered the one before has come to an end', async () => {
    const order: string[] = []
    const peer = await world.open({
      serve(head, connection) {
        world.served.push({ head, connection })
        order.push('served')
      },
    })
    peer.client.write(question.repeat(2))
    await world.asked(1)
    world.answer()
    order.push('answered')
    await world.asked(2)
    expect(order).toEqual(['served', 'answered', 'served'])
  })

  it('wait in the network while one is being answered', async () => {
    const peer = await world.open()
    peer.client.write(question.repeat(1_000_000))
    await until(() => peer.socket.isPaused())
    const before = peer.socket.bytesRead
    expect(before).toBeLessThan(1_000_000)
    world.answer()
    await world.asked(2)
    expect(peer.socket.bytesRead).toBe(before)
  })

  it('wait in the network while nobody reads the answers', async () => {
    const peer = await world.open({
      serve(head, connection) {
        world.served.push({ head, connection })
        world.answer('b'.repeat(100_000))
      },
    })
    peer.client.pause()
    peer.client.write(question.repeat(1_000))
    await until(() => peer.socket.writableNeedDrain)
    expect(peer.socket.writableLength).toBeLessThan(300_000)
    expect(world.served.length).toBeLessThan(900)
    peer.client.resume()
    await world.asked(1_000)
  })

  it('may come in pieces', async () => {
    const peer = await world.open()
    for (const octet of question.slice(0, 10)) {
      const before = peer.socket.bytesRead
      peer.client.write(octet)
      await until(() => peer.socket.bytesRead > before)
    }
    peer.client.write(question.slice(10))
    await world.asked(1)
    expect(world.served[0]?.head).toMatchObject({ target: '/a', fields: ['host', 'a'] })
  })

  it('in too many pieces are given away whole', async () => {
    let again = ''
    const peer = await world.open({
      handOver: (socket) => socket.on('data', (octets) => (again += octets.toString('latin1'))),
    })
    for (const octet of question.slice(0, 17)) {
      const before = peer.socket.bytesRead
      peer.client.write(octet)
      await until(() => peer.socket.bytesRead > before)
    }
    peer.client.write(question.slice(17))
    await until(() => again === question)
    expect(world.served).toEqual([])
  })
})

describe('close', () => {
  it('ends at once who has an answer, and with the answer who waits for one', async () => {
    const idle = await world.open()
    idle.client.write(question)
    await world.asked(1)
    world.answer()
    const busy = await world.open()
    busy.client.write(question.repeat(2))
    await world.asked(2)
    idle.connection.close()
    busy.connection.close()
    await until(() => idle.client.readableEnded)
    world.answer()
    await until(() => busy.client.readableEnded)
    expect(busy.received).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*\r\nconnection: close\r\n\r\n$/)
    expect(world.served).toHaveLength(2)
  })

  it('ends who is about to read its answer, when it has', async () => {
    const peer = await world.open()
    peer.client.pause()
    peer.client.write(question)
    await world.asked(1)
    world.answer('b'.repeat(9_000_000))
    peer.connection.close()
    peer.client.resume()
    await until(() => peer.client.readableEnded, 'the end', 5_000)
    expect(peer.received.length).toBeGreaterThan(9_000_000)
  })

  it('lets who has just come ask', async () => {
    const peer = await world.open()
    peer.connection.close()
    peer.client.write(question)
    await world.asked(1)
    world.answer()
    await until(() => peer.received.includes('keep-alive'))
  })
})
