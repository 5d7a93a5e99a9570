/** Flow control from the client (RFC 9113 sections 5.2 and 6.9): what it sends is allowed again, and more than is allowed is an error. */
import { describe, expect, it } from 'vitest'
import { checkRequestMessage, encodeCheckRequest } from '../../support/check-client.js'
import {
  checkMessage,
  data,
  defaultFrameBytes,
  errorName,
  flag,
  openCheck,
  padded,
  ping,
  reset,
  windowUpdate,
} from '../../support/http2-frames.js'
import type { Http2Peer } from '../../support/http2-peer.js'
import { PatientSender } from '../../support/patient-sender.js'
import { framed } from '../../support/raw-call.js'
import { frameType } from '../../support/raw-http2.js'
import { expectAllowed, expectServed, useWireDoor } from '../../support/wire-door.js'

const door = useWireDoor()
const mebibyte = 2 ** 20

/** A Check of about so many octets. */
function largeMessage(bytes: number): Buffer {
  const headers = { 'x-large': 'a'.repeat(bytes) }
  return framed(encodeCheckRequest(checkRequestMessage({ path: '/read', headers })))
}

async function connected(): Promise<{ peer: Http2Peer; sender: PatientSender }> {
  const peer = await door.peer()
  await peer.next(({ type }) => type === frameType.settings, 'SETTINGS')
  return { peer, sender: new PatientSender(peer) }
}

describe('a client that keeps to its windows may send', () => {
  it('a message of a mebibyte', async () => {
    const { peer, sender } = await connected()
    peer.send(openCheck(1))
    await sender.sendMessage(1, largeMessage(mebibyte))
    await peer.answer(1)
    await expectServed(peer, 3)
  })

  it('one such message after the other', async () => {
    const { peer, sender } = await connected()
    for (const stream of [1, 3, 5, 7]) {
      peer.send(openCheck(stream))
      await sender.sendMessage(stream, largeMessage(mebibyte / 2))
      await peer.answer(stream)
    }
  })

  it('messages beside each other', async () => {
    const { peer, sender } = await connected()
    const message = largeMessage(100_000)
    const streams = [1, 3, 5, 7]
    peer.send(...streams.map(openCheck))
    for (let at = 0; at < message.length; at += 1_000) {
      const isEnd = at + 1_000 >= message.length
      for (const stream of streams) {
        await sender.send(stream, message.subarray(at, at + 1_000), isEnd ? flag.endStream : 0)
      }
    }
    for (const stream of streams) await peer.answer(stream)
  })

  it('more padding than a window takes', async () => {
    const { peer, sender } = await connected()
    peer.send(openCheck(1))
    await sender.send(1, padded(checkMessage.subarray(0, -1), 255), flag.padded)
    for (let i = 0; i < 2_000; i++) {
      await sender.send(1, padded(Buffer.alloc(0), 255), flag.padded)
    }
    await sender.send(1, padded(checkMessage.subarray(-1), 0), flag.padded | flag.endStream)
    await expectAllowed(peer, 1)
  })

  it.each([
    [
      'that it has reset',
      async (peer: Http2Peer) => {
        peer.send(openCheck(1), reset(1))
      },
    ],
    [
      'that the server has reset',
      async (peer: Http2Peer) => {
        peer.send(openCheck(1), windowUpdate(1, 0))
        await peer.resetOf(1)
      },
    ],
  ])('more for a stream %s than the window of the connection takes', async (_name, end) => {
    const { peer, sender } = await connected()
    await end(peer)
    for (let i = 0; i < 40; i++) {
      await sender.send(1, Buffer.alloc(defaultFrameBytes), 0, false)
    }
    peer.send(openCheck(3))
    await sender.sendMessage(3, largeMessage(mebibyte / 2))
    await peer.answer(3)
  })
})

describe('a client that sends more than it is allowed', () => {
  /**
   * The end of the connection, or of a stream; undefined when the server has read all of it, because it allowed more while it
   * came, which it may.
   */
  async function fault(peer: Http2Peer): Promise<string | undefined> {
    const octets = Buffer.from('enough?!')
    peer.send(ping(octets))
    const { type, payload } = await peer.next(
      (one) =>
        one.type === frameType.goaway ||
        one.type === frameType.reset ||
        (one.type === frameType.ping && one.payload.equals(octets)),
    )
    if (type === frameType.ping) return undefined
    return errorName(payload.readUInt32BE(type === frameType.goaway ? 4 : 0))
  }

  /** So many octets in DATA that nothing is wrong with but their number. */
  function flood(stream: number, bytes: number): Buffer {
    const frames: Buffer[] = []
    for (let left = bytes; left > 0; left -= defaultFrameBytes) {
      frames.push(data(stream, Buffer.alloc(Math.min(left, defaultFrameBytes))))
    }
    return Buffer.concat(frames)
  }

  const prefix = framed(Buffer.alloc(0)) // Of a message that is not over soon.
  prefix.writeUInt32BE(16_000_000, 1)

  it('on the connection ends it with FLOW_CONTROL_ERROR', async () => {
    const { peer } = await connected()
    await peer.alive()
    const each = Math.min(peer.granted(1), peer.granted(0)) - 5
    const count = Math.floor(peer.granted(0) / each) + 1
    const streams = Array.from({ length: count }, (_, at) => 2 * at + 1)
    peer.send(
      ...streams.map((stream) => Buffer.concat([openCheck(stream), data(stream, prefix)])),
      ...streams.map((stream) => flood(stream, each)),
    )
    const name = await fault(peer)
    if (name !== undefined) expect(name).toBe('FLOW_CONTROL_ERROR')
    else expect(peer.granted(0)).toBeGreaterThanOrEqual(count * (each + prefix.length))
  })

  it('on a stream is told FLOW_CONTROL_ERROR', async () => {
    const { peer } = await connected()
    await peer.alive()
    const bytes = peer.granted(1) - prefix.length + 1
    peer.send(openCheck(1), data(1, prefix), flood(1, bytes))
    const name = await fault(peer)
    if (name !== undefined) expect(name).toBe('FLOW_CONTROL_ERROR')
    else expect(peer.granted(1)).toBeGreaterThanOrEqual(bytes + prefix.length)
  })
})
