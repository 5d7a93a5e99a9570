/** The end of a connection that its client did not ask for (RFC 9113 section 6.8): nothing is lost that was sent in good faith. */
import { describe, expect, it } from 'vitest'
import { check, flag, greatest, headers, openCheck } from '../../support/http2-frames.js'
import type { Frame, Http2Peer } from '../../support/http2-peer.js'
import { frameType } from '../../support/raw-http2.js'
import { until } from '../../support/until.js'
import { expectAllowed, expectServed, useWireDoor } from '../../support/wire-door.js'

const door = useWireDoor()
/** Longer than a test has: who is done only then has waited in vain. */
const graceMs = 60_000

function goaways(peer: Http2Peer): Frame[] {
  return peer.received.filter(({ type }) => type === frameType.goaway)
}

function lastStreams(peer: Http2Peer): number[] {
  return goaways(peer).map(({ payload }) => payload.readUInt32BE(0))
}

describe('a connection that is told to go', () => {
  it('serves what was sent before its client knew, says what was the last, and ends', async () => {
    const peer = await door.peer()
    await expectServed(peer, 1)
    const closing = door.close(graceMs)
    peer.send(check(3))
    await expectAllowed(peer, 3)
    await peer.closed()
    await closing
    expect(lastStreams(peer)).toEqual([greatest, 3])
    expect(goaways(peer).map(({ payload }) => payload.readUInt32BE(4))).toEqual([0, 0])
  })

  it('ends with the last answer, and not before', async () => {
    door.hold()
    const peer = await door.peer()
    peer.send(check(1))
    await until(() => door.asked === 1)
    const closing = door.close(graceMs)
    await until(() => goaways(peer).length === 2)
    await peer.alive()
    door.release()
    await expectAllowed(peer, 1)
    await peer.closed()
    await closing
  })

  it('serves nothing that is sent later, and is not disturbed by it', async () => {
    door.hold()
    const peer = await door.peer()
    peer.send(check(1))
    await until(() => door.asked === 1)
    const closing = door.close(graceMs)
    await until(() => goaways(peer).length === 2)
    peer.send(check(3), openCheck(5), headers(7, Buffer.from([0x82]), flag.endHeaders))
    await peer.alive()
    expect(door.asked).toBe(1)
    door.release()
    await expectAllowed(peer, 1)
    await peer.closed()
    await closing
    expect([peer.of(3), peer.of(5), peer.of(7)]).toEqual([[], [], []])
  })

  it('ends although its client reads nothing', async () => {
    const peer = await door.peer()
    await peer.alive()
    peer.socket.pause()
    await door.close(graceMs)
    peer.socket.resume()
    await peer.closed()
  })

  it('ends although its client has said nothing yet', async () => {
    await door.silentPeer()
    await door.close(graceMs)
  })
})
