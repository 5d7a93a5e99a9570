/** What a client can make a server keep, and that nothing of it stays: content that does not end, checks that are given up, calls for others. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { testAllow } from '../../support/decisions.js'
import {
  check,
  checkBlock,
  checkMessage,
  data,
  flag,
  headers,
  openCheck,
  pseudoFields,
  remembered,
  request,
  reset,
} from '../../support/http2-frames.js'
import { connectPeer, type Http2Peer } from '../../support/http2-peer.js'
import { PatientSender } from '../../support/patient-sender.js'
import { blockBytes, frame, frameType, type HeaderBlock } from '../../support/raw-http2.js'
import { startTestDoor } from '../../support/test-door.js'
import { until } from '../../support/until.js'
import { expectServed, useWireDoor } from '../../support/wire-door.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const door = useWireDoor()
/** A message of nearly 16 MiB has begun. */
const longPrefix = Buffer.from([0, 0, 0xf0, 0, 0])
/** What a hundredth of what is sent here comes to. */
const littleBytes = 2 ** 20

function keptBytes(): number {
  collectGarbage()
  collectGarbage() // Buffers are freed by the second one.
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** A check with an unknown field of so many octets. */
function longCheck(bytes: number): Buffer {
  const field = Buffer.alloc(5 + bytes)
  field.set([0xfa, 0x3f, (bytes & 0x7f) | 0x80, ((bytes >> 7) & 0x7f) | 0x80, bytes >> 14])
  const message = Buffer.concat([checkMessage, field])
  message.writeUInt32BE(message.length - 5, 1)
  return message
}

describe('content that does not end', () => {
  it('keeps nothing of what was sent with it', async () => {
    const peer = await door.peer()
    peer.send(openCheck(1), data(1, longPrefix))
    await peer.alive()
    const before = keptBytes()
    const ignored = Array.from({ length: 4 }, () => frame(0x77, 0, 0, Buffer.alloc(16_000)))
    for (let sent = 0; sent < 1_000; sent++) {
      peer.send(data(1, Buffer.from([0])), ...ignored)
      if (sent % 20 === 0) await peer.alive()
    }
    await peer.alive()
    expect(keptBytes() - before).toBeLessThan(littleBytes)
  })

  it('takes about its own size, however small the frames are', async () => {
    const peer = await door.peer()
    peer.send(openCheck(1), data(1, longPrefix))
    await peer.alive()
    const before = keptBytes()
    peer.send(Buffer.alloc(100_000 * 10, data(1, Buffer.from([0]))))
    await peer.alive()
    expect(keptBytes() - before).toBeLessThan(littleBytes)
  })
})

describe('checks that wait for a decision', () => {
  it('keep no message, and nothing is left when they are given up', async () => {
    door.hold()
    const peer = await door.peer()
    const sender = new PatientSender(peer)
    const message = longCheck(100_000)
    await peer.alive()
    const before = keptBytes()
    for (let stream = 1; stream < 400; stream += 2) {
      peer.send(openCheck(stream))
      for (let at = 0; at < message.length; at += 16_000) {
        const isLast = at + 16_000 >= message.length
        const part = message.subarray(at, at + 16_000)
        await sender.send(stream, part, isLast ? flag.endStream : 0)
      }
      if (stream % 4 === 1) peer.send(reset(stream))
    }
    await peer.alive()
    expect(door.asked).toBe(200)
    expect(keptBytes() - before).toBeLessThan(2 * littleBytes)
  })

  it('are no content that is not complete, of which there is a bound', async () => {
    const waiting: (() => void)[] = []
    const own = await startTestDoor({
      server: { maxMessageBytes: 65_536 },
      check: async () =>
        await new Promise((resolve) => {
          waiting.push(() => {
            resolve(testAllow())
          })
        }),
    })
    const peer = await connectPeer(Number(own.address.split(':').at(-1)))
    try {
      const message = longCheck(10_000)
      for (let stream = 1; stream < 200; stream += 2) {
        peer.send(openCheck(stream), data(stream, message, flag.endStream))
      }
      await until(() => waiting.length === 100)
      for (const resolve of waiting) resolve()
      for (let stream = 1; stream < 200; stream += 2) await peer.answer(stream)
      // What is not complete is bounded: more than four of the longest.
      for (let stream = 201; stream < 231; stream += 2) peer.send(openCheck(stream))
      for (let stream = 201; stream < 231; stream += 2) {
        peer.send(
          data(stream, longCheck(16_000).subarray(0, 16_000)),
          data(stream, Buffer.alloc(3)),
        )
      }
      await peer.alive()
      peer.send(data(201, longCheck(16_000).subarray(0, 16_000)))
      const isReset = ({ type }: { type: number }): boolean => type === frameType.reset
      expect(peer.received.filter(isReset)).toEqual([])
      for (let stream = 203; stream < 231; stream += 2) {
        peer.send(data(stream, Buffer.alloc(16_000)))
      }
      await peer.next(isReset, 'a reset')
    } finally {
      peer.destroy()
      await own.close(0)
    }
  })
})

describe('a request of very many fields', () => {
  it('is refused, and costs nobody else anything', async () => {
    const peer = await door.peer()
    peer.send(request(1, checkBlock), reset(1))
    const many = Buffer.alloc(1_000, 0xbe)
    const block = Buffer.concat([
      blockBytes(pseudoFields),
      blockBytes([['content-type', 'application/grpc']]),
      many,
    ])
    peer.send(headers(3, remembered('x', 'y')), headers(5, block))
    expect(await peer.resetOf(5)).toBe('ENHANCE_YOUR_CALM')
    await expectServed(peer, 7)
  })
})

describe('calls for others than the lane', () => {
  const elsewhere: HeaderBlock = [
    ...pseudoFields.map(([name, value]) => [name, name === ':path' ? '/x/y' : value] as const),
    ['te', 'trailers'],
    ['content-type', 'application/grpc'],
  ]

  async function statusOf(peer: Http2Peer, stream: number): Promise<string | undefined> {
    peer.send(request(stream, elsewhere, true))
    const { frames } = await peer.answer(stream)
    return /grpc-status.(\d+)/s.exec(frames[0]?.payload.toString('latin1') ?? '')?.[1]
  }

  it('leave their places free when they were answered before they had ended', async () => {
    const peer = await door.peer()
    const sender = new PatientSender(peer)
    for (let stream = 1; stream < 240; stream += 2) {
      peer.send(request(stream, elsewhere))
      for (let part = 0; part < 10; part++) await sender.send(stream, Buffer.alloc(15_000), 0)
    }
    for (let stream = 1; stream < 240; stream += 2) await peer.answer(stream)
    let stream = 241
    let status: string | undefined
    await until(async () => {
      status = await statusOf(peer, stream)
      stream += 2
      return status === '12'
    })
    expect(status).toBe('12')
  })
})

describe('the last stream that is served', () => {
  it('never becomes a greater one', async () => {
    door.hold()
    const peer = await door.peer()
    const goaway = frame(frameType.goaway, 0, 0, Buffer.alloc(8))
    peer.send(check(1), goaway)
    await until(() => door.asked === 1)
    await peer.alive()
    const closing = door.close(60_000)
    await peer.alive()
    door.release()
    await peer.answer(1)
    await closing
    const goaways = peer.received.filter(({ type }) => type === frameType.goaway)
    expect(goaways.map(({ payload }) => payload.readUInt32BE(0))).toEqual([1])
  })
})
