/** SETTINGS and WINDOW_UPDATE of the connection (RFC 9113 sections 6.5 and 6.9): what a server takes over, ignores, and refuses. */
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { describe, expect, it } from 'vitest'
import { endClient } from '../../support/end-client.js'
import {
  checkBlock,
  checkMessage,
  defaultWindowBytes,
  flag,
  greatest,
  setting,
  settings,
  windowUpdate,
  type Setting,
} from '../../support/http2-frames.js'
import { frameType } from '../../support/raw-http2.js'
import { expectServed, useWireDoor } from '../../support/wire-door.js'

const door = useWireDoor()

describe('section 3.4: a server', () => {
  it('sends SETTINGS first', async () => {
    const peer = await door.peer()
    await peer.alive()
    expect(peer.received[0]).toMatchObject({ type: frameType.settings, flags: 0, stream: 0 })
  })

  it('acknowledges the SETTINGS of the preface, and all that follow, each once and in order', async () => {
    const peer = await door.peer()
    peer.send(settings(), settings([0xfafa, 1]), settings([setting.enablePush, 0]))
    await peer.alive()
    const acks = peer.received.filter(
      ({ type, flags }) => type === frameType.settings && (flags & flag.ack) !== 0,
    )
    expect(acks).toHaveLength(4)
    for (const { flags, stream, payload } of acks) {
      expect([flags, stream, payload.length]).toEqual([flag.ack, 0, 0])
    }
  })

  it('gives itself no setting that a server must not have', async () => {
    const peer = await door.peer()
    expect((await peer.serverSetting(setting.enablePush)) ?? 0).toBe(0)
    expect((await peer.serverSetting(setting.initialWindowSize)) ?? 0).toBeLessThanOrEqual(greatest)
  })
})

describe('section 6.5.2: a server serves a client with', () => {
  it.each<[name: string, ...values: Setting[]]>([
    ['settings that nobody knows', [0, 1], [7, 2], [0xffff, 2 ** 32 - 1]],
    ['no table for header fields', [setting.headerTableSize, 0]],
    ['any table for header fields', [setting.headerTableSize, 2 ** 32 - 1]],
    ['no push', [setting.enablePush, 0]],
    ['push', [setting.enablePush, 1]],
    ['no streams of the server', [setting.maxConcurrentStreams, 0]],
    ['the greatest window', [setting.initialWindowSize, greatest]],
    ['the smallest frames', [setting.maxFrameSize, 2 ** 14]],
    ['the largest frames', [setting.maxFrameSize, 2 ** 24 - 1]],
    ['any list of header fields', [setting.maxHeaderListSize, 2 ** 32 - 1]],
    [
      'a setting twice, of which the last one holds',
      [setting.initialWindowSize, 0],
      [setting.initialWindowSize, defaultWindowBytes],
    ],
    ['many settings', ...Array.from({ length: 30 }, (_, at): Setting => [0xf000 + at, at])],
  ])('%s', async (_name, ...values) => {
    const peer = await door.peer(...values)
    await expectServed(peer, 1)
    peer.send(settings(...values))
    await expectServed(peer, 3)
  })
})

describe('sections 6.5.2 and 6.9.1: an end of the connection for', () => {
  it.each<readonly [name: string, error: string, frame: Buffer]>([
    ['SETTINGS_ENABLE_PUSH of 2', 'PROTOCOL_ERROR', settings([setting.enablePush, 2])],
    [
      'SETTINGS_ENABLE_PUSH of all bits',
      'PROTOCOL_ERROR',
      settings([setting.enablePush, 2 ** 32 - 1]),
    ],
    ['SETTINGS_MAX_FRAME_SIZE of 0', 'PROTOCOL_ERROR', settings([setting.maxFrameSize, 0])],
    [
      'SETTINGS_MAX_FRAME_SIZE too small',
      'PROTOCOL_ERROR',
      settings([setting.maxFrameSize, 2 ** 14 - 1]),
    ],
    [
      'SETTINGS_MAX_FRAME_SIZE too large',
      'PROTOCOL_ERROR',
      settings([setting.maxFrameSize, 2 ** 24]),
    ],
    [
      'SETTINGS_INITIAL_WINDOW_SIZE too large',
      'FLOW_CONTROL_ERROR',
      settings([setting.initialWindowSize, 2 ** 31]),
    ],
    [
      'a wrong setting among right ones',
      'PROTOCOL_ERROR',
      settings([setting.enablePush, 0], [setting.maxFrameSize, 1], [setting.enablePush, 0]),
    ],
    ['WINDOW_UPDATE of nothing', 'PROTOCOL_ERROR', windowUpdate(0, 0)],
    ['WINDOW_UPDATE of a reserved bit', 'PROTOCOL_ERROR', windowUpdate(0, 2 ** 31)],
    ['a window that overflows at once', 'FLOW_CONTROL_ERROR', windowUpdate(0, greatest)],
    [
      'a window that overflows by one',
      'FLOW_CONTROL_ERROR',
      Buffer.concat([windowUpdate(0, greatest - defaultWindowBytes), windowUpdate(0, 1)]),
    ],
  ])('%s: %s', async (_name, error, frame) => {
    const peer = await door.peer()
    peer.send(frame)
    expect(await peer.refusal()).toBe(error)
  })

  it('none for a window that is full', async () => {
    const peer = await door.peer()
    peer.send(windowUpdate(0, greatest - defaultWindowBytes))
    await expectServed(peer, 1)
  })
})

describe('section 4.3.1: answers can be decoded', () => {
  /** The status of a Check, as another implementation's decoder reads it. */
  async function statusOf(client: ClientHttp2Session): Promise<unknown> {
    const call = client.request(Object.fromEntries(checkBlock))
    call.end(checkMessage)
    return await new Promise((resolve, reject) => {
      call.on('error', reject).on('trailers', (trailers: IncomingHttpHeaders) => {
        resolve(trailers['grpc-status'])
      })
      call.resume()
    })
  }

  it.each([
    [4_096, 0],
    [0, 4_096],
    [0, 0],
    [65_536, 100],
  ])('with a table of %i octets, then of %i', async (first, then) => {
    const client = connect(`http://127.0.0.1:${String(door.port)}`, {
      settings: { headerTableSize: first },
    })
    try {
      for (let i = 0; i < 3; i++) expect(await statusOf(client)).toBe('0')
      client.settings({ headerTableSize: then })
      for (let i = 0; i < 3; i++) expect(await statusOf(client)).toBe('0')
    } finally {
      await endClient(client)
    }
  })
})
