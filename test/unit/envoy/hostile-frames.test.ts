/**
 * Streams that are over as soon as they begin, as frames in one piece: nothing that anybody throws may end the process, and
 * whoever else is there notices nothing.
 */
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCheckClient } from '../../support/check-client.js'
import { createHealthClient } from '../../support/health-client.js'
import {
  frame,
  frameType,
  headerFrames,
  preface,
  type HeaderBlock,
} from '../../support/raw-http2.js'
import { startTestDoor, type TestDoor } from '../../support/test-door.js'
import { until } from '../../support/until.js'

const checkPath = '/envoy.service.auth.v3.Authorization/Check'
const uncaught: unknown[] = []
const remember = (fault: unknown): void => {
  uncaught.push(fault)
}
let door: TestDoor

beforeEach(async () => {
  process.on('uncaughtException', remember)
  door = await startTestDoor()
})

afterEach(async () => {
  await door.close(0)
  process.off('uncaughtException', remember)
  expect(uncaught.splice(0)).toEqual([])
})

function block(path: string, ...more: HeaderBlock): HeaderBlock {
  return [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'gate'],
    ['te', 'trailers'],
    ...more,
  ]
}

const grpc = ['content-type', 'application/grpc'] as const
const reset = Buffer.from([0, 0, 0, 8])

/** Sends `count` streams, each with these frames, in one write, and waits until the gate has read them. */
async function sendAtOnce(
  count: number,
  framesOf: (stream: number) => readonly Buffer[],
): Promise<void> {
  const port = Number(door.address.split(':').at(-1))
  const socket = connect(port, '127.0.0.1')
  let received = Buffer.alloc(0)
  socket.on('error', () => undefined)
  socket.on('data', (bytes: Buffer) => (received = Buffer.concat([received, bytes])))
  const ping = Buffer.from('readall!')
  const streams = Array.from({ length: count }, (_, at) => framesOf(2 * at + 1)).flat()
  socket.write(
    Buffer.concat([
      preface,
      frame(frameType.settings, 0, 0),
      ...streams,
      frame(frameType.ping, 0, 0, ping),
    ]),
  )
  await until(() => received.includes(ping) || socket.destroyed)
  socket.destroy()
}

describe('streams that are over as soon as they begin', () => {
  it.each<[string, HeaderBlock]>([
    ['of an unknown method', block('/none/None', grpc)],
    ['of another content type', block('/none/None', ['content-type', 'text/plain'])],
    ['of a check in another content type', block(checkPath, ['content-type', 'application/json'])],
    ['of a check', block(checkPath, grpc)],
    ['of health', block('/grpc.health.v1.Health/Check', grpc)],
    ['of a time-out that is over', block(checkPath, grpc, ['grpc-timeout', '0n'])],
    ['of a time-out that is none', block(checkPath, grpc, ['grpc-timeout', '-1S'])],
    ['with a length that is not theirs', block('/none/None', grpc, ['content-length', '100'])],
  ])('%s end nothing but themselves', async (_name, headers) => {
    const endings: readonly ((stream: number) => readonly Buffer[])[] = [
      (stream) => [frame(frameType.reset, 0, stream, reset)],
      (stream) => [
        frame(frameType.data, 0, stream, Buffer.from([0, 0])),
        frame(frameType.reset, 0, stream, reset),
      ],
      (stream) => [frame(frameType.data, 1, stream), frame(frameType.reset, 0, stream, reset)],
      (stream) => [frame(frameType.data, 1, stream, Buffer.from([0, 0, 0, 0, 0]))],
    ]
    for (const ending of endings) {
      await sendAtOnce(30, (stream) => [...headerFrames(headers, stream, false), ...ending(stream)])
    }
    const client = createCheckClient(door.address)
    const health = createHealthClient(door.address)
    try {
      expect((await client.check({ path: '/read' })).kind).toBe('ok')
      expect(await health.check('')).toBe('NOT_SERVING')
      expect(door.faults).toEqual([])
    } finally {
      client.close()
      health.close()
    }
  })
})
