/** Header blocks (RFC 9113 section 4.3, RFC 7541): how they come in frames, which cannot be decoded, and which are too large. */
import { describe, expect, it } from 'vitest'
import {
  check,
  checkBlock,
  checkMessage,
  checkPath,
  continuation,
  data,
  defaultFrameBytes,
  flag,
  headers,
  openCheck,
  ping,
  priorityFields,
  remembered,
  reset,
  setting,
  settings,
  windowUpdate,
} from '../../support/http2-frames.js'
import type { Http2Peer } from '../../support/http2-peer.js'
import { blockBytes, frame, frameType, headerFrames } from '../../support/raw-http2.js'
import { expectAllowed, expectServed, useWireDoor } from '../../support/wire-door.js'

const door = useWireDoor()
const block = blockBytes(checkBlock)
const nothing = Buffer.alloc(0)
const endOfMessage = data(1, checkMessage, flag.endStream)

/** HEADERS and CONTINUATION of a block that is cut at these places. */
function cut(...places: readonly number[]): Buffer {
  const ends = [...places, block.length]
  const frames = ends.map((end, at) => {
    const part = block.subarray(ends[at - 1] ?? 0, end)
    const flags = at === ends.length - 1 ? flag.endHeaders : 0
    return at === 0 ? headers(1, part, flags) : continuation(1, part, flags)
  })
  return Buffer.concat(frames)
}

describe('section 4.3: a header block may come', () => {
  const half = Math.floor(block.length / 2)
  it.each<[name: string, ...places: number[]]>([
    ['in HEADERS alone'],
    ['in two parts', half],
    ['in four parts', 1, half, half + 1],
    ['in an empty CONTINUATION at last', block.length],
    ['in CONTINUATION, after HEADERS of nothing', 0],
    ['with a part of nothing', half, half],
  ])('%s', async (_name, ...places) => {
    const peer = await door.peer()
    peer.send(cut(...places), endOfMessage)
    await expectAllowed(peer, 1)
  })

  it('cut at any place', async () => {
    for (let place = 1; place < block.length; place += 1) {
      const peer = await door.peer()
      peer.send(cut(place), endOfMessage)
      await expectAllowed(peer, 1)
      peer.destroy()
    }
  })

  it('with the end of its stream', async () => {
    const peer = await door.peer()
    peer.send(
      openCheck(1),
      data(1, checkMessage),
      headers(1, blockBytes([['x-a', '1']]), flag.endStream),
      continuation(1, blockBytes([['x-b', '2']]), flag.endHeaders),
    )
    await expectAllowed(peer, 1)
  })
})

describe('section 6.10: PROTOCOL_ERROR for', () => {
  const begun = headers(3, block.subarray(0, 9), 0)
  it.each<[name: string, ...frames: Buffer[]]>([
    ['PING amid a header block', begun, ping(Buffer.alloc(8))],
    ['SETTINGS amid a header block', begun, settings()],
    ['WINDOW_UPDATE amid a header block', begun, windowUpdate(0, 1)],
    ['DATA amid a header block', begun, data(3, checkMessage)],
    ['DATA of another stream amid a header block', openCheck(1), begun, data(1, checkMessage)],
    ['HEADERS amid a header block', begun, headers(3, block)],
    ['HEADERS of another stream amid a header block', begun, headers(5, block)],
    ['PRIORITY amid a header block', begun, frame(frameType.priority, 0, 3, priorityFields(0))],
    ['RST_STREAM amid a header block', begun, reset(3)],
    ['an unknown type amid a header block', begun, frame(0xfa, 0, 3)],
    ['CONTINUATION of another stream', begun, continuation(5, block, flag.endHeaders)],
    ['CONTINUATION without HEADERS', continuation(1, block, flag.endHeaders)],
    ['CONTINUATION after whole HEADERS', openCheck(1), continuation(1, nothing, flag.endHeaders)],
    ['CONTINUATION after DATA', openCheck(1), data(1), continuation(1, nothing, flag.endHeaders)],
  ])('%s', async (_name, ...frames) => {
    const peer = await door.peer()
    peer.send(...frames)
    expect(await peer.refusal()).toBe('PROTOCOL_ERROR')
  })
})

describe('RFC 7541: COMPRESSION_ERROR for', () => {
  it.each([
    ['2.3.3: the index 0', '80'],
    ['2.3.3: an index beyond both tables', 'be'],
    ['2.3.3: a name of an index beyond both tables', '7f0001' + '61'],
    ['5.1: an index that does not end', 'ff'],
    ['5.1: an index of more than 32 bits', 'ffffffffffffffffffff7f'],
    ['5.2: a name longer than the block', '000a61'],
    ['5.2: a value longer than the block', '0001610561'],
    ['5.2: a field without a value', '000161'],
    ['5.2: Huffman padding that is no prefix of EOS', '0001618100'],
    ['5.2: Huffman padding of eight bits', '00016182' + '07ff'],
    ['5.2: EOS in Huffman', '00016184' + 'ffffffff'],
    ['6.3: a table that is larger than was announced', '3fe21f'],
    ['4.2: another size of the table after a field', '00016101' + '6120'],
  ])('section %s', async (_name, octets) => {
    const peer = await door.peer()
    const [first, last] = octets.startsWith('3f') ? [octets, ''] : ['', octets]
    peer.send(
      headers(1, Buffer.concat([Buffer.from(first, 'hex'), block, Buffer.from(last, 'hex')])),
    )
    expect(await peer.refusal()).toBe('COMPRESSION_ERROR')
    expect(door.asked).toBe(0)
  })

  it('none of these: any size of the table that was announced, before the fields', async () => {
    const peer = await door.peer()
    const sizes = Buffer.from('203fe11f', 'hex') // None, then 4,096 octets.
    peer.send(headers(1, Buffer.concat([sizes, block])), endOfMessage)
    await expectAllowed(peer, 1)
  })
})

/** A check whose path is what the decoder had to remember last. */
function checkByMemory(stream: number): Buffer {
  const others = blockBytes(checkBlock.filter(([name]) => name !== ':path'))
  return Buffer.concat([
    headers(stream, Buffer.concat([Buffer.from([0xbe]), others])),
    data(stream, checkMessage, flag.endStream),
  ])
}

const path = remembered(':path', checkPath)
const large = remembered('x-large', 'a'.repeat(4_000))

/** Its fields have more than 64 KiB, and it has less than 5,000 octets. */
const manyFields = Buffer.concat([block, large, Buffer.alloc(20, 0xbe)])

describe('section 4.3: what a header block has the decoder remember holds for the next one, also that of', () => {
  const begin: readonly (readonly [name: string, send: (peer: Http2Peer) => void])[] = [
    [
      'a call',
      (peer) => {
        const others = blockBytes(checkBlock.filter(([name]) => name !== ':path'))
        peer.send(headers(1, Buffer.concat([path, others])))
      },
    ],
    [
      'a malformed request',
      (peer) => {
        peer.send(headers(1, Buffer.concat([blockBytes([['Upper', 'x']]), path])))
      },
    ],
    [
      'a request whose first field is wrong already',
      (peer) => {
        peer.send(headers(1, Buffer.concat([blockBytes([[':status', '200']]), path])))
      },
    ],
    [
      'a request with too many fields',
      (peer) => {
        peer.send(headers(1, Buffer.concat([manyFields, path])))
      },
    ],
    [
      'trailers that cross with a reset',
      (peer) => {
        const trailers = headers(1, path, flag.endHeaders | flag.endStream)
        peer.send(openCheck(1), windowUpdate(1, 0), trailers)
      },
    ],
  ]
  it.each(begin)('%s', async (_name, send) => {
    const peer = await door.peer()
    send(peer)
    peer.send(checkByMemory(3))
    await expectAllowed(peer, 3)
  })

  it('a call that is refused, because there are too many', async () => {
    const peer = await door.peer()
    const limit = await peer.serverSetting(setting.maxConcurrentStreams)
    expect(limit).toBeLessThan(100_000)
    const streams = Array.from({ length: Number(limit) }, (_, at) => 2 * at + 1)
    const next = 2 * Number(limit) + 1
    peer.send(...streams.map(openCheck), headers(next, Buffer.concat([path, block.subarray()])))
    expect(await peer.resetOf(next)).toBe('REFUSED_STREAM')
    peer.send(reset(1), checkByMemory(next + 2))
    await expectAllowed(peer, next + 2)
  })
})

describe('section 10.5.1: a request', () => {
  it('whose fields have more than 64 KiB, in a small block, is reset with ENHANCE_YOUR_CALM', async () => {
    const peer = await door.peer()
    peer.send(headers(1, manyFields), endOfMessage)
    expect(await peer.resetOf(1)).toBe('ENHANCE_YOUR_CALM')
    await expectServed(peer, 3)
    expect(door.asked).toBe(1)
  })

  it('whose fields have less than 64 KiB is served', async () => {
    const peer = await door.peer()
    const fields = Array.from(
      { length: 6 },
      (_, at) => [`x-${String(at)}`, 'a'.repeat(10_000)] as const,
    )
    peer.send(...headerFrames([...checkBlock, ...fields], 1, false), endOfMessage)
    await expectAllowed(peer, 1)
  })

  it.each<[name: string, ...frames: Buffer[]]>([
    ['more than 64 KiB', ...headerFrames([...checkBlock, ['x', 'a'.repeat(70_000)]])],
    [
      'more than 64 KiB, of many fields',
      ...headerFrames([
        ...checkBlock,
        ...Array.from({ length: 9_000 }, () => ['x', 'value'] as const),
      ]),
    ],
    [
      'more than 64 KiB that do not end',
      headers(1, Buffer.alloc(defaultFrameBytes), 0).fill(0x82, 9),
      ...Array.from({ length: 4 }, () =>
        continuation(1, Buffer.alloc(defaultFrameBytes).fill(0x82)),
      ),
    ],
    [
      'CONTINUATION of nothing without end',
      headers(1, block, 0),
      ...Array.from({ length: 70_000 }, () => continuation(1, nothing)),
    ],
    [
      'CONTINUATION of single octets without end',
      headers(1, block, 0),
      ...Array.from({ length: 70_000 }, () => continuation(1, Buffer.from([0x82]))),
    ],
  ])('with a block of %s ends its connection with ENHANCE_YOUR_CALM', async (_name, ...frames) => {
    const peer = await door.peer()
    peer.send(...frames)
    expect(await peer.refusal()).toBe('ENHANCE_YOUR_CALM')
    const other = await door.peer()
    await expectServed(other, 1)
    expect(door.asked).toBe(1)
  })

  it('that comes before an endless block on its connection is answered', async () => {
    const peer = await door.peer()
    await expectServed(peer, 1)
    peer.send(check(3), headers(5, block, 0))
    await expectAllowed(peer, 3)
  })
})
