/** Padding (RFC 9113 sections 6.1 and 6.2): left out of what it pads, and never longer than its frame. */
import { describe, expect, it } from 'vitest'
import {
  checkBlock,
  checkMessage,
  data,
  flag,
  headers,
  openCheck,
  padded,
  priorityFields,
} from '../../support/http2-frames.js'
import { blockBytes } from '../../support/raw-http2.js'
import { expectAllowed, useWireDoor } from '../../support/wire-door.js'

const door = useWireDoor()
const block = blockBytes(checkBlock)
const nothing = Buffer.alloc(0)
/** A name, and the frames. */
type Row = [name: string, ...frames: Buffer[]]

describe('sections 6.1 and 6.2: padding', () => {
  it.each<Row>([
    ['as long as DATA', openCheck(1), data(1, Buffer.from([1]), flag.padded)],
    ['longer than DATA', openCheck(1), data(1, Buffer.from([9, 0, 0]), flag.padded)],
    ['as long as HEADERS', headers(1, Buffer.from([1]), flag.endHeaders | flag.padded)],
    [
      'longer than HEADERS',
      headers(1, Buffer.concat([Buffer.from([255]), block]), flag.endHeaders | flag.padded),
    ],
    [
      'into the priority of HEADERS',
      headers(
        1,
        padded(priorityFields(0), 0).fill(2, 0, 1),
        flag.endHeaders | flag.padded | flag.priority,
      ),
    ],
  ])('%s is a PROTOCOL_ERROR', async (_name, ...frames) => {
    const peer = await door.peer()
    peer.send(...frames)
    expect(await peer.refusal()).toBe('PROTOCOL_ERROR')
  })

  it.each([0, 1, 255])('of %i octets is left out of headers and data', async (octets) => {
    const peer = await door.peer()
    peer.send(
      headers(1, padded(block, octets), flag.endHeaders | flag.padded),
      data(1, padded(checkMessage.subarray(0, 7), octets), flag.padded),
      data(1, padded(checkMessage.subarray(7), octets), flag.padded | flag.endStream),
    )
    await expectAllowed(peer, 1)
  })
})

describe('section 4.2: a frame without room for what its flags announce ends the connection:', () => {
  const withPriority = flag.endHeaders | flag.priority
  it.each<Row>([
    ['DATA without the length of its padding', openCheck(1), data(1, nothing, flag.padded)],
    [
      'HEADERS without the length of their padding',
      headers(1, nothing, flag.endHeaders | flag.padded),
    ],
    ['HEADERS without their priority', headers(1, nothing, withPriority)],
    ['HEADERS with half their priority', headers(1, Buffer.alloc(4), withPriority)],
    ['HEADERS with padding alone', headers(1, Buffer.from([0]), withPriority | flag.padded)],
  ])('%s', async (_name, ...frames) => {
    const peer = await door.peer()
    peer.send(...frames)
    // The frame is too small, or its padding too long: either is true of it.
    expect(['FRAME_SIZE_ERROR', 'PROTOCOL_ERROR']).toContain(await peer.refusal())
  })
})
