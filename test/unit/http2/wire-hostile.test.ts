/**
 * Clients that cost a server more than themselves (RFC 9113 section 10.5): streams that are reset as soon as they begin, and
 * floods of frames by a client that reads nothing of what they are answered with.
 *
 * That a server has stopped reading shows at the client: what it wrote last is not taken, however often another connection is
 * served meanwhile. Both are in this process, so every answer to another is a turn in which it could have been taken.
 */
import { describe, expect, it } from 'vitest'
import {
  checkPath,
  checkMessage,
  data,
  flag,
  headers,
  openCheck,
  ping,
  remembered,
  reset,
  setting,
  settings,
  windowUpdate,
} from '../../support/http2-frames.js'
import type { Http2Peer } from '../../support/http2-peer.js'
import { PatientSender } from '../../support/patient-sender.js'
import { frameType } from '../../support/raw-http2.js'
import { until } from '../../support/until.js'
import { expectServed, useWireDoor } from '../../support/wire-door.js'

const door = useWireDoor()
const streams = Array.from({ length: 5_000 }, (_, at) => 2 * at + 1)
/** The first stream after them. */
const afterReset = 2 * streams.length + 1

describe('a client that resets 5,000 streams as soon as they begin (CVE-2023-44487)', () => {
  it.each<[name: string, message: Buffer, flags: number]>([
    ['with half a message', checkMessage.subarray(0, 9), 0],
    ['with a message that has no end', checkMessage, 0],
    ['with a whole check', checkMessage, flag.endStream],
  ])('%s, is served as before, and no stream of them is left', async (_name, message, flags) => {
    const peer = await door.peer()
    peer.send(windowUpdate(0, 2 ** 30))
    await resetAll(peer, message, flags)
    await expectServed(peer, afterReset)
    await expectRoom(peer, afterReset + 2)
  })

  it('with no data, all in one write, is served as before, and no stream of them is left', async () => {
    const peer = await door.peer()
    peer.send(...streams.flatMap((stream) => [openCheck(stream), reset(stream)]))
    await expectServed(peer, afterReset)
    await expectRoom(peer, afterReset + 2)
  })

  it('while their answers are pending, is served as before, and no stream of them is left', async () => {
    door.hold()
    const peer = await door.peer()
    const sender = new PatientSender(peer)
    for (let at = 0; at < streams.length; at += 50) {
      const some = streams.slice(at, at + 50)
      for (const stream of some) {
        peer.send(openCheck(stream))
        await sender.send(stream, checkMessage, flag.endStream)
      }
      await until(() => door.asked === at + 50)
      peer.send(...some.map((stream) => reset(stream)))
    }
    await expectRoom(peer, afterReset)
    door.release()
    await peer.alive()
    const answers = peer.received.filter(({ type }) => type <= frameType.headers)
    expect(answers).toEqual([])
  })

  it('by what it sends (CVE-2025-8671), is served as before, and no stream of them is left', async () => {
    const peer = await door.peer()
    peer.send(...streams.flatMap((stream) => [openCheck(stream), windowUpdate(stream, 0)]))
    await expectServed(peer, afterReset)
    await expectRoom(peer, afterReset + 2)
  })
})

/** Begins every stream with this message, and resets it at once; sends no more DATA than is allowed. */
async function resetAll(peer: Http2Peer, message: Buffer, flags: number): Promise<void> {
  const sender = new PatientSender(peer)
  for (const stream of streams) {
    peer.send(openCheck(stream))
    await sender.send(stream, message, flags)
    peer.send(reset(stream))
  }
}

/** Sees that as many streams may be open as the server announces, and ends them. */
async function expectRoom(peer: Http2Peer, first: number): Promise<void> {
  const limit = await peer.serverSetting(setting.maxConcurrentStreams)
  expect(limit).toBeGreaterThanOrEqual(100)
  expect(limit).toBeLessThan(100_000)
  const more = Array.from({ length: Number(limit) }, (_, at) => first + 2 * at)
  peer.send(...more.map(openCheck))
  await peer.alive()
  expect(peer.received.filter((one) => more.includes(one.stream))).toEqual([])
  peer.send(...more.map((stream) => reset(stream)))
}

/** POST, and that is all. */
const onlyMethod = Buffer.from([0x83])
const postOverHttp = Buffer.from([0x83, 0x86])
/** A check of five octets, and what the decoder has to remember for it. */
const remindedCheck = Buffer.concat([postOverHttp, Buffer.from([0xc0, 0xbf, 0xbe])])
const rememberedCheck = Buffer.concat([
  postOverHttp,
  remembered(':path', checkPath),
  remembered(':authority', 'gate'),
  remembered('content-type', 'application/grpc'),
])

const floodBytes = 64 * 2 ** 20
const chunkBytes = 2 ** 16
/** How often another has to be served until what is not taken will not be. */
const enoughTurns = 100

/** A flood: its next part, every time that it is asked. */
type Flood = () => Buffer

/** The same frame over and over. */
function repeated(one: Buffer): Flood {
  const part = Buffer.alloc(Math.floor(chunkBytes / one.length) * one.length, one)
  return () => part
}

/** HEADERS of this block, on a stream after the other. */
function streamsOf(block: Buffer, first: number): Flood {
  const next = repeated(headers(first, block))
  let stream = first
  return () => {
    const part = Buffer.from(next())
    for (let at = 0; at < part.length; at += 9 + block.length) {
      part.writeUInt32BE(stream, at + 5)
      stream += 2
    }
    return part
  }
}

/** Writes until the other side takes no more; serves another meanwhile. */
async function writeUntilStuck(
  peer: Http2Peer,
  flood: Flood,
): Promise<'all read' | 'stuck' | 'ended'> {
  const other = await door.peer()
  other.send(windowUpdate(0, 2 ** 30))
  let stream = 1
  for (let written = 0; written < floodBytes; written += chunkBytes) {
    peer.send(flood())
    for (let turns = 0; peer.socket.writableLength > 0 && !peer.isClosed; turns++) {
      if (turns === enoughTurns) return 'stuck'
      await expectServed(other, stream)
      stream += 2
    }
    if (peer.isClosed) return 'ended'
  }
  return 'all read'
}

/** Sees that a flood of a client that does not read is stopped, and goes on or ends when it reads again. */
async function expectReadNoMore(peer: Http2Peer, flood: Flood, before: Buffer): Promise<void> {
  await peer.alive()
  peer.send(before)
  peer.socket.pause()
  expect(['stuck', 'ended']).toContain(await writeUntilStuck(peer, flood))
  peer.socket.resume()
  await until(() => peer.socket.writableLength === 0 || peer.isClosed)
}

describe('a client that reads nothing', () => {
  it.each<[name: string, flood: Flood, before?: Buffer]>([
    ['PING', repeated(ping(Buffer.from('flooding')))],
    ['SETTINGS', repeated(settings())],
    [
      'SETTINGS that say much',
      repeated(settings([setting.headerTableSize, 0], [setting.headerTableSize, 4_096])),
    ],
    ['DATA of nothing', repeated(data(1)), openCheck(1)],
    ['malformed requests', streamsOf(onlyMethod, 1)],
  ])('and floods with %s, is read no more, while another is served', async (_name, ...sent) => {
    const [flood, before = Buffer.alloc(0)] = sent
    await expectReadNoMore(await door.peer(), flood, before)
  })

  it('and floods with more calls than there may be, is read no more, while another is served', async () => {
    const peer = await door.peer()
    // Without a limit there is nothing to refuse, and memory for all of them.
    expect(await peer.serverSetting(setting.maxConcurrentStreams)).toBeLessThan(100_000)
    await expectReadNoMore(peer, streamsOf(remindedCheck, 3), headers(1, rememberedCheck))
  })

  it('and floods with nothing that needs an answer, costs no answer', async () => {
    const peer = await door.peer()
    await peer.alive()
    const before = peer.received.length
    peer.send(...Array.from({ length: 5_000 }, () => ping(Buffer.alloc(8), flag.ack)))
    await peer.alive()
    const since = peer.received.slice(before)
    expect(since.map(({ type }) => type)).toEqual([frameType.ping])
  })
})
