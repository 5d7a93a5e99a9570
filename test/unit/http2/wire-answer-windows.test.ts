/** Flow control towards the client (RFC 9113 sections 5.2 and 6.9): never an octet of DATA more than it allows, and all of it then. */
import { describe, expect, it } from 'vitest'
import {
  check,
  checkMessage,
  data,
  defaultFrameBytes,
  defaultWindowBytes,
  flag,
  greatest,
  openCheck,
  reset,
  setting,
  settings,
  windowUpdate,
} from '../../support/http2-frames.js'
import type { Http2Peer } from '../../support/http2-peer.js'
import { frameType } from '../../support/raw-http2.js'
import { expectAllowed, expectServed, useWireDoor } from '../../support/wire-door.js'

const door = useWireDoor()
const noWindow = [setting.initialWindowSize, 0] as const
const anyWindow = [setting.initialWindowSize, greatest] as const

/** The octets of an answer as it is now. */
async function answerBytes(): Promise<number> {
  const peer = await door.peer(anyWindow)
  peer.send(windowUpdate(0, 2 ** 30), check(1))
  const { body } = await peer.answer(1)
  return body.length
}

/** Sees that a stream has its headers, so many octets of its answer, and neither more nor its end. */
async function expectHeldAt(peer: Http2Peer, stream: number, octets: number): Promise<void> {
  await peer.alive()
  expect(peer.dataBytes(stream)).toBe(octets)
  const [first, ...others] = peer.of(stream)
  expect(first).toMatchObject({ type: frameType.headers, flags: flag.endHeaders })
  for (const { type, flags } of others) {
    expect(type).toBe(frameType.data)
    expect(flags & flag.endStream).toBe(0)
  }
}

async function hasHeaders(peer: Http2Peer, stream: number): Promise<void> {
  await peer.next((one) => one.stream === stream && one.type === frameType.headers, 'HEADERS')
}

describe('a stream without a window', () => {
  it('gets headers, then as many octets as are allowed, one at a time, and then trailers', async () => {
    const bytes = await answerBytes()
    const peer = await door.peer(noWindow)
    peer.send(check(1))
    await hasHeaders(peer, 1)
    for (let octets = 0; octets < bytes - 1; octets++) {
      await expectHeldAt(peer, 1, octets)
      peer.send(windowUpdate(1, 1))
    }
    await expectHeldAt(peer, 1, bytes - 1)
    peer.send(windowUpdate(1, 1))
    await expectAllowed(peer, 1)
    expect(peer.of(1).at(-1)).toMatchObject({ type: frameType.headers })
  })

  it('gets all of its answer when it is allowed more than that', async () => {
    const peer = await door.peer(noWindow)
    peer.send(check(1))
    await hasHeaders(peer, 1)
    await expectHeldAt(peer, 1, 0)
    peer.send(windowUpdate(1, 7))
    await expectHeldAt(peer, 1, 7)
    peer.send(windowUpdate(1, greatest - 7))
    await expectAllowed(peer, 1)
  })

  it('gets its answer at once when the window came before the message', async () => {
    const peer = await door.peer(noWindow)
    peer.send(openCheck(1), windowUpdate(1, 9_999), data(1, checkMessage, flag.endStream))
    await expectAllowed(peer, 1)
  })

  it('holds up no other', async () => {
    const peer = await door.peer(noWindow)
    peer.send(check(1), check(3), windowUpdate(3, 9_999))
    await expectAllowed(peer, 3)
    await expectHeldAt(peer, 1, 0)
    peer.send(windowUpdate(1, 9_999))
    await expectAllowed(peer, 1)
  })

  it('is over when its client resets it', async () => {
    const peer = await door.peer(noWindow)
    peer.send(check(1))
    await hasHeaders(peer, 1)
    peer.send(reset(1), windowUpdate(1, 9_999), settings([setting.initialWindowSize, 9_999]))
    await expectServed(peer, 3)
    expect(peer.dataBytes(1)).toBe(0)
  })
})

describe('a connection without a window', () => {
  it('gets exactly what is allowed, octet by octet, and then all of it', async () => {
    door.enlarge(100_000)
    const peer = await door.peer(anyWindow)
    peer.send(check(1))
    await hasHeaders(peer, 1)
    for (const more of [0, 1, 1, 2]) {
      const before = peer.dataBytes(1)
      if (more > 0) peer.send(windowUpdate(0, more))
      await expectHeldAt(peer, 1, Math.max(before + more, defaultWindowBytes))
    }
    peer.send(windowUpdate(0, 100_000))
    await expectAllowed(peer, 1)
  })

  it('gets the headers of its calls, and every answer when there is a window again', async () => {
    door.enlarge(70_000)
    const peer = await door.peer(anyWindow)
    peer.send(check(1), check(3), check(5))
    for (const stream of [1, 3, 5]) await hasHeaders(peer, stream)
    await peer.alive()
    expect(totalBytes(peer)).toBe(defaultWindowBytes)
    peer.send(windowUpdate(0, 10_000))
    await peer.alive()
    expect(totalBytes(peer)).toBe(defaultWindowBytes + 10_000)
    peer.send(windowUpdate(0, 1_000_000))
    for (const stream of [1, 3, 5]) await expectAllowed(peer, stream)
  })

  it('gives what a stream leaves to the others when its client resets it', async () => {
    door.enlarge(70_000)
    const peer = await door.peer(anyWindow)
    peer.send(check(1))
    await hasHeaders(peer, 1)
    await expectHeldAt(peer, 1, defaultWindowBytes)
    door.enlarge(0)
    peer.send(check(3), reset(1), windowUpdate(0, 1_000))
    await expectAllowed(peer, 3)
    expect(peer.dataBytes(1)).toBe(defaultWindowBytes)
  })
})

function totalBytes(peer: Http2Peer): number {
  return [1, 3, 5].reduce((sum, stream) => sum + peer.dataBytes(stream), 0)
}

describe('section 6.9.2: another SETTINGS_INITIAL_WINDOW_SIZE', () => {
  it('is another window of the streams that are open, also one below zero', async () => {
    const peer = await door.peer(noWindow)
    peer.send(check(1))
    await hasHeaders(peer, 1)
    const steps: readonly (readonly [octets: number, ...frames: readonly Buffer[]])[] = [
      [10, settings([setting.initialWindowSize, 10])],
      [10, settings([setting.initialWindowSize, 4])],
      [10, windowUpdate(1, 5)],
      [10, windowUpdate(1, 1)],
      [11, windowUpdate(1, 1)],
      [11, settings([setting.initialWindowSize, 0]), windowUpdate(1, 4)],
      [12, windowUpdate(1, 1)],
      [13, settings([setting.initialWindowSize, 1])],
    ]
    for (const [octets, ...frames] of steps) {
      peer.send(...frames)
      await expectHeldAt(peer, 1, octets)
    }
    peer.send(settings([setting.initialWindowSize, defaultWindowBytes]))
    await expectAllowed(peer, 1)
  })

  it('holds for streams that begin after it, in the same write', async () => {
    const peer = await door.peer()
    peer.send(settings(noWindow), check(1))
    await hasHeaders(peer, 1)
    await expectHeldAt(peer, 1, 0)
    peer.send(settings([setting.initialWindowSize, defaultWindowBytes]))
    await expectAllowed(peer, 1)
  })

  it('does not change the window of the connection', async () => {
    door.enlarge(100_000)
    const peer = await door.peer()
    peer.send(settings(anyWindow), check(1))
    await hasHeaders(peer, 1)
    await expectHeldAt(peer, 1, defaultWindowBytes)
  })

  it('that makes the window of a stream overflow is a FLOW_CONTROL_ERROR', async () => {
    const peer = await door.peer()
    const more = settings([setting.initialWindowSize, defaultWindowBytes + 1])
    peer.send(openCheck(1), windowUpdate(1, greatest - defaultWindowBytes), more)
    expect(await peer.refusal()).toBe('FLOW_CONTROL_ERROR')
  })

  it('that fills the window of a stream to the last octet is none', async () => {
    const peer = await door.peer([setting.initialWindowSize, 1])
    const more = settings([setting.initialWindowSize, 2])
    peer.send(openCheck(1), windowUpdate(1, greatest - 2), more)
    peer.send(data(1, checkMessage, flag.endStream))
    await expectAllowed(peer, 1)
  })
})

describe('section 6.5.2: no DATA is longer than SETTINGS_MAX_FRAME_SIZE allows:', () => {
  it.each([
    ['that of a client that says nothing', defaultFrameBytes, []],
    ['the least', defaultFrameBytes, [[setting.maxFrameSize, defaultFrameBytes]]],
    ['another', 20_001, [[setting.maxFrameSize, 20_001]]],
  ] as const)('%s', async (_name, limit, values) => {
    door.enlarge(200_000)
    const bytes = await answerBytes()
    const peer = await door.peer(anyWindow, ...values)
    peer.send(windowUpdate(0, 2 ** 30), check(1))
    const { body, frames } = await peer.answer(1)
    expect(body).toHaveLength(bytes)
    for (const { payload } of frames) expect(payload.length).toBeLessThanOrEqual(limit)
  })
})
