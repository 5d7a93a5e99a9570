/** Frames that are not what RFC 9113 says a frame is, and those that are and look odd. */
import { describe, expect, it } from 'vitest'
import {
  check,
  checkBlock,
  checkMessage,
  continuation,
  data,
  defaultFrameBytes,
  errorName,
  flag,
  goaway,
  greatest,
  headers,
  openCheck,
  ping,
  priorityFields,
  request,
  reset,
  settings,
  uint32,
  windowUpdate,
} from '../../support/http2-frames.js'
import { blockBytes, frame, frameType, preface } from '../../support/raw-http2.js'
import { until } from '../../support/until.js'
import { expectAllowed, expectServed, useWireDoor } from '../../support/wire-door.js'

const door = useWireDoor()
const block = blockBytes(checkBlock)
const eightOctets = Buffer.from('8 octets')
/** A name, and the frames. */
type Row = [name: string, ...frames: Buffer[]]

describe('section 3.4: the connection ends for who begins with', () => {
  it.each<Row>([
    ['HTTP/1.1', Buffer.from('GET / HTTP/1.1\r\nhost: gate\r\n\r\n', 'latin1')],
    ['another version', Buffer.from('PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n', 'latin1')],
    ['a preface whose last octet is wrong', preface.subarray(0, -1), Buffer.from('\0')],
    ['frames', settings(), check(1)],
    ['zeros', Buffer.alloc(64)],
  ])('%s', async (_name, ...octets) => {
    const peer = await door.silentPeer()
    peer.send(...octets)
    await peer.closed()
    const goaways = peer.received.filter(({ type }) => type === frameType.goaway)
    for (const { payload } of goaways) {
      expect(errorName(payload.readUInt32BE(4))).toBe('PROTOCOL_ERROR')
    }
    expect(door.asked).toBe(0)
  })

  it.each<Row>([
    ['a PING before SETTINGS', ping(eightOctets)],
    ['a WINDOW_UPDATE before SETTINGS', windowUpdate(0, 1)],
    ['a call before SETTINGS', check(1)],
    ['a frame of an unknown type before SETTINGS', frame(0xfa, 0, 0)],
  ])('%s: PROTOCOL_ERROR', async (_name, first) => {
    const peer = await door.silentPeer()
    peer.send(preface, first, settings())
    expect(await peer.refusal()).toBe('PROTOCOL_ERROR')
    expect(door.asked).toBe(0)
  })
})

describe('section 4.2: a frame of more than 16,384 octets is a FRAME_SIZE_ERROR', () => {
  const tooMuch = Buffer.alloc(defaultFrameBytes + 1)
  it.each<Row>([
    ['DATA', openCheck(1), data(1, tooMuch)],
    ['HEADERS', headers(1, tooMuch)],
    ['CONTINUATION', headers(1, block, 0), continuation(1, tooMuch, flag.endHeaders)],
    ['SETTINGS', frame(frameType.settings, 0, 0, Buffer.alloc(2_731 * 6))],
    ['PING', frame(frameType.ping, 0, 0, tooMuch)],
    ['GOAWAY', frame(frameType.goaway, 0, 0, tooMuch)],
    ['an unknown type', frame(0xfa, 0, 0, tooMuch)],
    [
      'a length that never comes',
      frame(frameType.data, 0, 1, tooMuch).fill(255, 0, 3).subarray(0, 9),
    ],
  ])('%s', async (_name, ...frames) => {
    const peer = await door.peer()
    peer.send(...frames)
    expect(await peer.refusal()).toBe('FRAME_SIZE_ERROR')
  })

  it('and one of 16,384 octets is none', async () => {
    const peer = await door.peer()
    const padding = Buffer.alloc(defaultFrameBytes - block.length - 7 - 128, 'a')
    peer.send(
      frame(0xfa, 0, 0, Buffer.alloc(defaultFrameBytes)),
      request(1, [...checkBlock, ['x-much', padding.toString()]]),
      data(1, checkMessage, flag.endStream),
    )
    await expectAllowed(peer, 1)
  })
})

describe('sections 6.4 to 6.9: FRAME_SIZE_ERROR for', () => {
  it.each<Row>([
    ['RST_STREAM of 3 octets', openCheck(1), frame(frameType.reset, 0, 1, Buffer.alloc(3))],
    ['RST_STREAM of 5 octets', openCheck(1), frame(frameType.reset, 0, 1, Buffer.alloc(5))],
    ['SETTINGS of 5 octets', frame(frameType.settings, 0, 0, Buffer.alloc(5))],
    ['SETTINGS of 7 octets', frame(frameType.settings, 0, 0, Buffer.alloc(7))],
    ['an ACK of SETTINGS that says more', frame(frameType.settings, flag.ack, 0, Buffer.alloc(6))],
    ['an empty PING', ping(Buffer.alloc(0))],
    ['PING of 7 octets', ping(Buffer.alloc(7))],
    ['PING of 9 octets', ping(Buffer.alloc(9))],
    ['an ACK of 7 octets', ping(Buffer.alloc(7), flag.ack)],
    ['GOAWAY of 7 octets', frame(frameType.goaway, 0, 0, Buffer.alloc(7))],
    ['WINDOW_UPDATE of 3 octets', frame(frameType.windowUpdate, 0, 0, Buffer.alloc(3, 1))],
    ['WINDOW_UPDATE of 5 octets', frame(frameType.windowUpdate, 0, 0, Buffer.alloc(5, 1))],
    [
      'WINDOW_UPDATE of a stream, of 5 octets',
      openCheck(1),
      frame(frameType.windowUpdate, 0, 1, Buffer.alloc(5, 1)),
    ],
  ])('%s', async (_name, ...frames) => {
    const peer = await door.peer()
    peer.send(...frames)
    expect(await peer.refusal()).toBe('FRAME_SIZE_ERROR')
  })
})

describe('section 5.4.1: the connection ends after an error:', () => {
  it.each<Row>([
    ['PROTOCOL_ERROR', data(0)],
    ['FRAME_SIZE_ERROR', ping(Buffer.alloc(7))],
    ['FLOW_CONTROL_ERROR', windowUpdate(0, greatest)],
    ['COMPRESSION_ERROR', headers(1, Buffer.from([0x80]))],
    ['PROTOCOL_ERROR', check(1), openCheck(3), data(0), check(5)],
  ])('%s', async (name, ...frames) => {
    const peer = await door.peer()
    peer.send(...frames)
    expect(await peer.refusal()).toBe(name)
    await peer.closed()
  })
})

describe('section 6: PROTOCOL_ERROR for a frame in the wrong place:', () => {
  it.each<Row>([
    ['DATA of no stream', data(0, Buffer.from('x'))],
    ['HEADERS of no stream', headers(0, block)],
    ['PRIORITY of no stream', frame(frameType.priority, 0, 0, priorityFields(1))],
    ['RST_STREAM of no stream', reset(0)],
    ['CONTINUATION of no stream', continuation(0, block, flag.endHeaders)],
    ['SETTINGS of a stream', frame(frameType.settings, 0, 1)],
    ['an ACK of SETTINGS of a stream', frame(frameType.settings, flag.ack, 1)],
    ['PING of a stream', frame(frameType.ping, 0, 1, eightOctets)],
    ['GOAWAY of a stream', frame(frameType.goaway, 0, 1, Buffer.alloc(8))],
    [
      'PUSH_PROMISE',
      openCheck(1),
      frame(frameType.pushPromise, flag.endHeaders, 1, Buffer.concat([uint32(2), block])),
    ],
  ])('%s', async (_name, ...frames) => {
    const peer = await door.peer()
    peer.send(...frames)
    expect(await peer.refusal()).toBe('PROTOCOL_ERROR')
  })
})

describe('section 4.1: a server ignores', () => {
  const everyFlag = 0xff
  it.each<Row>([
    ['unknown types of frames', frame(0xa, 0, 0), frame(0xff, 255, 1, Buffer.from('?'))],
    ['flags that PING has not', ping(eightOctets, everyFlag & ~flag.ack)],
    ['flags that SETTINGS have not', frame(frameType.settings, everyFlag & ~flag.ack, 0)],
    ['flags that WINDOW_UPDATE has not', frame(frameType.windowUpdate, everyFlag, 0, uint32(1))],
    ['the reserved bit of a stream', frame(frameType.settings, 0, 2 ** 31)],
    ['the reserved bit of an increment', frame(frameType.windowUpdate, 0, 0, uint32(2 ** 31 + 1))],
    ['an ACK of a PING that it never sent', ping(eightOctets, flag.ack)],
    ['the priority of a stream', frame(frameType.priority, 0, 1, priorityFields(0))],
    [
      'the priority of a stream that is far off',
      frame(frameType.priority, 0, 99, priorityFields(1)),
    ],
    ['a stream that depends on itself', frame(frameType.priority, 0, 1, priorityFields(1))],
  ])('%s', async (_name, ...frames) => {
    const peer = await door.peer()
    peer.send(...frames, openCheck(1), ...frames, data(1, checkMessage, flag.endStream), ...frames)
    await expectAllowed(peer, 1)
    await peer.alive()
  })

  it('flags that HEADERS and DATA have not', async () => {
    const peer = await door.peer()
    const known = flag.endStream | flag.padded | flag.priority
    peer.send(
      headers(1, block, everyFlag & ~known),
      data(1, checkMessage, (everyFlag & ~known) | flag.endStream),
    )
    await expectAllowed(peer, 1)
  })

  it.each([
    ['of another stream', 3],
    ['of the stream itself', 1],
    ['of none, and exclusive', 2 ** 31],
  ])('the priority in HEADERS %s', async (_name, dependency) => {
    const peer = await door.peer()
    const fields = Buffer.concat([priorityFields(dependency), block])
    peer.send(
      headers(1, fields, flag.endHeaders | flag.priority),
      data(1, checkMessage, flag.endStream),
    )
    await expectAllowed(peer, 1)
  })
})

describe('a server reads', () => {
  it('every frame in single octets', async () => {
    const peer = await door.silentPeer()
    await peer.sendSingly(preface, settings(), openCheck(1), data(1, checkMessage, flag.endStream))
    await expectAllowed(peer, 1)
    await peer.sendSingly(ping(eightOctets), windowUpdate(0, 1), check(3), reset(3))
    await peer.next(({ type, payload }) => type === frameType.ping && payload.equals(eightOctets))
    await peer.alive()
  })

  it('many calls in one write', async () => {
    const peer = await door.silentPeer()
    const streams = Array.from({ length: 90 }, (_, at) => 2 * at + 1)
    peer.send(preface, settings(), ...streams.map(check))
    for (const stream of streams) await expectAllowed(peer, stream)
    expect(door.asked).toBe(90)
  })

  it('a message of many frames, some of them empty', async () => {
    const peer = await door.peer()
    const octets = [...checkMessage].map((octet) => data(1, Buffer.from([octet])))
    peer.send(openCheck(1), data(1), ...octets, data(1), data(1, Buffer.alloc(0), flag.endStream))
    await expectAllowed(peer, 1)
  })
})

describe('sections 6.7 and 6.8:', () => {
  it('a PING is acknowledged with its own octets', async () => {
    const peer = await door.peer()
    const sent = [Buffer.alloc(8), Buffer.alloc(8, 255), eightOctets]
    peer.send(...sent.map((octets) => ping(octets)))
    await peer.alive()
    const acks = peer.received.filter(({ type }) => type === frameType.ping)
    expect(acks.slice(0, 3).map(({ payload }) => payload)).toEqual(sent)
    for (const { flags, stream } of acks) expect([flags, stream]).toEqual([flag.ack, 0])
  })

  it('a client that goes away is answered what it asked for', async () => {
    const peer = await door.peer()
    door.hold()
    peer.send(check(1), check(3), goaway())
    await until(() => door.asked === 2)
    door.release()
    await expectAllowed(peer, 1)
    await expectAllowed(peer, 3)
  })

  it('a GOAWAY of the server tells the last stream that it took', async () => {
    const peer = await door.peer()
    await expectServed(peer, 1)
    await expectServed(peer, 5)
    peer.send(data(0))
    const { payload } = await peer.next(({ type }) => type === frameType.goaway)
    expect(payload.readUInt32BE(0)).toBe(5)
  })
})
