/** A connection that is read without Node ends in time, and not before, whatever its peer does or leaves. */
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

describe('a connection', () => {
  it('on which a question drips is refused in time', async () => {
    const peer = await world.open({ requestTimeoutMs: 60 })
    let said = 0
    await until(() => {
      peer.client.write(question.slice(said, ++said))
      return world.refused.length === 1
    })
    expect(world.refused).toEqual(['late'])
    expect(world.handedOver).toEqual([])
  })

  it('has no time to keep once its question is here', async () => {
    const options = { requestTimeoutMs: 60 }
    const peer = await world.open(options)
    peer.client.write(question.slice(0, 10))
    await until(() => peer.socket.bytesRead === 10)
    peer.client.write(question.slice(10))
    await world.asked(1)
    await world.open(options) // Says nothing, and tells that the time is over.
    await until(() => world.refused.length === 1)
    world.answer()
    await until(() => peer.received.includes('keep-alive'))
    expect(world.refused).toHaveLength(1)
  })

  it('that is handed over has no time of ours', async () => {
    const peer = await world.open()
    peer.client.write('POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\n')
    await until(() => world.handedOver.length === 1)
    expect(world.handedOver[0]).toBe(peer.socket)
    expect(peer.socket.timeout).toBe(0)
  })

  it('that ends its side before what is not ours is refused, and answered before', async () => {
    const peer = await world.open()
    peer.client.end(`${question}POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc`)
    await world.asked(1)
    await until(() => peer.socket.readableEnded)
    world.answer()
    await until(() => world.refused.length === 1)
    expect(world.refused).toEqual(['cut'])
    expect(world.handedOver).toEqual([])
  })

  it('may have an empty line behind a question, and stays', async () => {
    const peer = await world.open({ requestTimeoutMs: 60 })
    peer.client.write(`${question}\r\n`)
    await world.asked(1)
    world.answer()
    await world.open({ requestTimeoutMs: 60 }) // Says nothing, and tells that the time is over.
    await until(() => world.refused.length === 1)
    peer.client.write(`\r\n${question}`)
    await world.asked(2)
    world.answer()
    await until(() => peer.received.includes('id: 1'))
    expect(world.handedOver).toEqual([])
  })

  it.each([
    ['a question', ''],
    ['the last question', 'connection: close\r\n'],
  ])('whose peer does not read the answer to %s ends', async (_, field) => {
    const peer = await world.open({ keepAliveMs: 50, requestTimeoutMs: 50 })
    peer.client.pause()
    peer.client.write(question.replace('host: a\r\n', field))
    await world.asked(1)
    world.answer('b'.repeat(9_000_000))
    expect(peer.socket.writableLength).toBeGreaterThan(0)
    await until(() => peer.socket.closed, 'the end', 5_000)
    expect(world.refused).toEqual([])
  })

  it.each([
    ['says nothing', ''],
    ['stops in a question', question.slice(0, -1)],
  ])('that %s is refused in time', async (_, bytes) => {
    const peer = await world.open({ requestTimeoutMs: 30 })
    peer.client.write(bytes)
    await until(() => world.refused.length === 1)
    expect(world.refused).toEqual(['late'])
    expect(world.served).toEqual([])
  })

  it('has all the time for an answer', async () => {
    const peer = await world.open({ requestTimeoutMs: 20, keepAliveMs: 20 })
    peer.client.write(question)
    await world.asked(1)
    const fired = new Promise((resolve) => peer.socket.once('timeout', resolve))
    await fired
    world.answer()
    await until(() => peer.received.includes('200 OK'))
    expect(world.refused).toEqual([])
  })

  it('that has its answer ends when it says nothing more', async () => {
    const peer = await world.open({ keepAliveMs: 30 })
    peer.client.write(question)
    await world.asked(1)
    world.answer()
    await until(() => peer.client.readableEnded, 'the end', 5_000)
    expect(world.refused).toEqual([])
  })

  it('that ends its side still gets its answers', async () => {
    const peer = await world.open()
    peer.client.end(question.repeat(2))
    await world.asked(1)
    world.answer()
    await world.asked(2)
    world.answer()
    await until(() => peer.client.readableEnded)
    expect(peer.received.match(/id: /g)).toHaveLength(2)
  })

  it('that ends in the middle of a question is refused', async () => {
    const peer = await world.open()
    peer.client.end(question.slice(0, 5))
    await until(() => world.refused.length === 1)
    expect(world.refused).toEqual(['cut'])
  })

  it('that is reset takes no answer and no time', async () => {
    const peer = await world.open()
    peer.client.write(question)
    await world.asked(1)
    peer.client.resetAndDestroy()
    await until(() => peer.socket.closed)
    world.answer()
    expect(peer.socket.listenerCount('data')).toBe(0)
  })
})
