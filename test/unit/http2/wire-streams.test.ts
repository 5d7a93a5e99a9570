/** The life of streams (RFC 9113 section 5): which numbers they have, what they take when, and how many there are at a time. */
import { describe, expect, it } from 'vitest'
import {
  check,
  checkBlock,
  checkMessage,
  data,
  flag,
  headers,
  openCheck,
  priorityFields,
  pseudoFields,
  request,
  reset,
  setting,
  windowUpdate,
} from '../../support/http2-frames.js'
import { PatientSender } from '../../support/patient-sender.js'
import { blockBytes, frame, frameType } from '../../support/raw-http2.js'
import { until } from '../../support/until.js'
import { expectAllowed, expectServed, useWireDoor } from '../../support/wire-door.js'

const door = useWireDoor()
const nothing = Buffer.alloc(0)
type Row = [name: string, ...frames: Buffer[]]

describe('section 5.1.1: PROTOCOL_ERROR for', () => {
  it.each<Row>([
    ['an even stream', openCheck(2)],
    ['a stream below one that began', openCheck(5), openCheck(3)],
    ['a whole call below one that began', check(5), check(3)],
    ['DATA of a stream that has not begun', data(1)],
    ['DATA of a stream above the last', openCheck(1), data(3)],
    ['RST_STREAM of a stream that has not begun', reset(1)],
    ['RST_STREAM of a stream above the last', openCheck(1), reset(3)],
    ['WINDOW_UPDATE of a stream that has not begun', windowUpdate(1, 1)],
    ['WINDOW_UPDATE of a stream of the server', windowUpdate(2, 1)],
    ['DATA of a stream of the server', data(2)],
  ])('%s', async (_name, ...frames) => {
    const peer = await door.peer()
    peer.send(...frames)
    expect(await peer.refusal()).toBe('PROTOCOL_ERROR')
  })
})

describe('section 5.1: a call whose answer is pending', () => {
  it.each<Row>([
    ['DATA', data(1, Buffer.from('more'))],
    ['empty DATA with another end', data(1, nothing, flag.endStream)],
    ['HEADERS', request(1, [['x-more', '1']], true)],
  ])('takes no more %s after its end: STREAM_CLOSED', async (_name, more) => {
    door.hold()
    const peer = await door.peer()
    peer.send(check(1), more)
    expect(await peer.resetOf(1)).toBe('STREAM_CLOSED')
    door.release()
    await expectServed(peer, 3)
  })

  it('is over when its client resets it, and nobody hears its decision', async () => {
    door.hold()
    const peer = await door.peer()
    peer.send(check(1))
    await until(() => door.asked === 1)
    peer.send(reset(1), check(3))
    await until(() => door.asked === 2)
    door.release()
    await expectAllowed(peer, 3)
    expect(peer.of(1)).toEqual([])
  })

  it('outlives what others on its connection do wrong', async () => {
    door.hold()
    const peer = await door.peer()
    peer.send(check(1), windowUpdate(1, 10), request(3, [...checkBlock, ['Upper', 'x']]))
    expect(await peer.resetOf(3)).toBe('PROTOCOL_ERROR')
    door.release()
    await expectAllowed(peer, 1)
  })
})

describe('section 5.1: a stream that is over ignores', () => {
  it.each<Row>([
    ['WINDOW_UPDATE', windowUpdate(1, 1)],
    ['RST_STREAM', reset(1)],
    ['RST_STREAM twice', reset(1), reset(1, 0)],
    ['PRIORITY', frame(frameType.priority, 0, 1, priorityFields(0))],
  ])('%s after its answer', async (_name, ...frames) => {
    const peer = await door.peer()
    await expectServed(peer, 1)
    peer.send(...frames)
    await expectServed(peer, 3)
  })

  it.each<Row>([
    ['WINDOW_UPDATE', windowUpdate(1, 1)],
    ['DATA', data(1, checkMessage), data(1, nothing, flag.endStream)],
    ['RST_STREAM', reset(1)],
  ])('%s after its client reset it', async (_name, ...frames) => {
    const peer = await door.peer()
    peer.send(openCheck(1), reset(1), ...frames)
    await expectServed(peer, 3)
    expect(door.asked).toBe(1)
  })

  const refused = request(1, [...pseudoFields, ['content-type', 'text/plain']])
  it.each<Row>([
    ['DATA', data(1, checkMessage), data(1, nothing, flag.endStream)],
    ['WINDOW_UPDATE', windowUpdate(1, 1)],
    ['RST_STREAM', reset(1, 0)],
  ])('%s that crosses with its answer', async (_name, ...frames) => {
    const peer = await door.peer()
    peer.send(refused)
    await peer.answer(1)
    peer.send(...frames)
    await expectServed(peer, 3)
  })

  it.each<Row>([
    ['DATA', data(1, checkMessage), data(1, nothing, flag.endStream)],
    ['WINDOW_UPDATE', windowUpdate(1, 1)],
    ['RST_STREAM', reset(1, 0)],
    ['HEADERS at its end', request(1, [['x-more', '1']], true)],
  ])('%s that crosses with its reset', async (_name, ...frames) => {
    const peer = await door.peer()
    peer.send(openCheck(1), windowUpdate(1, 0), ...frames)
    expect(await peer.resetOf(1)).toBe('PROTOCOL_ERROR')
    await expectServed(peer, 3)
    expect(door.asked).toBe(1)
  })
})

describe('section 5.4.2: an error of a stream ends that stream alone:', () => {
  const tooShort = frame(frameType.priority, 0, 1, priorityFields(0).subarray(1))
  it.each<[name: string, error: string, ...frames: Buffer[]]>([
    ['PRIORITY of 4 octets', 'FRAME_SIZE_ERROR', openCheck(1), tooShort],
    ['WINDOW_UPDATE of nothing', 'PROTOCOL_ERROR', openCheck(1), windowUpdate(1, 0)],
    ['a window that overflows', 'FLOW_CONTROL_ERROR', openCheck(1), windowUpdate(1, 2 ** 31 - 1)],
    [
      'trailers that are not the end',
      'PROTOCOL_ERROR',
      openCheck(1),
      data(1, checkMessage),
      request(1, [['x-trailer', '1']]),
    ],
    [
      'trailers with a pseudo-header field',
      'PROTOCOL_ERROR',
      openCheck(1),
      data(1, checkMessage),
      request(1, [[':path', '/']], true),
    ],
  ])('%s: %s', async (_name, error, ...frames) => {
    const peer = await door.peer()
    peer.send(...frames)
    expect(await peer.resetOf(1)).toBe(error)
    await expectServed(peer, 3)
    expect(door.asked).toBe(1)
  })

  it('and trailers at the end are none', async () => {
    const peer = await door.peer()
    peer.send(openCheck(1), data(1, checkMessage), request(1, [['x-trailer', '1']], true))
    await expectAllowed(peer, 1)
  })
})

describe('section 5.1.2: of more streams at a time than the server announces', () => {
  it.each([
    ['that go on', 0],
    ['whose answers are pending', flag.endStream],
  ])('%s, the last is refused with REFUSED_STREAM, until one is over', async (_name, flags) => {
    door.hold()
    const peer = await door.peer()
    peer.send(windowUpdate(0, 2 ** 30))
    const limit = await peer.serverSetting(setting.maxConcurrentStreams)
    expect(limit).toBeGreaterThanOrEqual(100) // Section 6.5.2: "no smaller than 100".
    expect(limit).toBeLessThan(100_000)
    const sender = new PatientSender(peer)
    const next = 2 * Number(limit) + 1
    for (let stream = 1; stream < next; stream += 2) {
      peer.send(openCheck(stream))
      await sender.send(stream, checkMessage, flags)
    }
    peer.send(check(next))
    expect(await peer.resetOf(next)).toBe('REFUSED_STREAM')
    expect(peer.received.filter(({ type }) => type === frameType.reset)).toHaveLength(1)
    peer.send(reset(1), reset(3), check(next + 2), openCheck(next + 4), check(next + 6))
    expect(await peer.resetOf(next + 6)).toBe('REFUSED_STREAM')
    door.release()
    await expectAllowed(peer, next + 2)
  })

  it('none is refused when they end one after the other', async () => {
    const peer = await door.peer()
    peer.send(windowUpdate(0, 2 ** 30))
    const streams = Array.from({ length: 2_000 }, (_, at) => 2 * at + 1)
    for (let at = 0; at < streams.length; at += 50) {
      const some = streams.slice(at, at + 50)
      peer.send(...some.map(check))
      for (const stream of some) await expectAllowed(peer, stream)
    }
    expect(door.asked).toBe(2_000)
  })
})

describe('section 8.1: the end of a call may come', () => {
  it.each<Row>([
    ['with its data', data(1, checkMessage, flag.endStream)],
    ['with no data', data(1, checkMessage), data(1, nothing, flag.endStream)],
    [
      'with padding alone',
      data(1, checkMessage),
      data(1, Buffer.from([0]), flag.padded | flag.endStream),
    ],
    [
      'with trailers of no fields',
      data(1, checkMessage),
      headers(1, nothing, flag.endHeaders | flag.endStream),
    ],
  ])('%s', async (_name, ...rest) => {
    const peer = await door.peer()
    peer.send(headers(1, blockBytes(checkBlock)), ...rest)
    await expectAllowed(peer, 1)
  })
})
