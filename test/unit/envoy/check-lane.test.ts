/**
 * The lane beside grpc-js: whatever a client sends, both answer with the same fields, the same message and the same
 * status. The reference is a server of grpc-js alone, with the very service that the door has.
 */
import {
  connect as connectHttp2,
  constants,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2'
import { gzipSync } from 'node:zlib'
import { Server, ServerCredentials, status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { endClient } from '../../support/end-client.js'
import type { Decision } from '../../../src/check/index.js'
import {
  checkRequestMessage,
  createCheckClient,
  encodeCheckRequest,
} from '../../support/check-client.js'
import { testAllow } from '../../support/decisions.js'
import { callRaw, framed, type RawAnswer, type RawCall } from '../../support/raw-call.js'
import { startTestDoor, type TestDoor, type TestDoorOptions } from '../../support/test-door.js'
import { until } from '../../support/until.js'

const maxMessageBytes = 100_000
const request = encodeCheckRequest(checkRequestMessage({ path: '/read' }))
const usual = framed(request)
const checkHeaders = {
  ':method': 'POST',
  ':path': '/envoy.service.auth.v3.Authorization/Check',
  'content-type': 'application/grpc',
}
const gzip = { 'grpc-encoding': 'gzip' }

let door: TestDoor
let reference: { readonly address: string; readonly server: Server }

async function open(check?: TestDoorOptions['check']): Promise<void> {
  door = await startTestDoor({ server: { maxMessageBytes }, ...(check && { check }) })
  const server = new Server({ 'grpc.max_receive_message_length': maxMessageBytes })
  server.addService(door.service.definition, door.service.implementation)
  const address = await new Promise<string>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(`127.0.0.1:${String(port)}`)
      else reject(error)
    })
  })
  reference = { address, server }
}

async function close(): Promise<void> {
  reference.server.forceShutdown()
  await door.close(0)
}

beforeEach(async () => {
  await open()
})
afterEach(close)

/** What both have to say; the id of a decision is its own. */
function said({ headers, data, trailers, isTrailersOnly, rstCode }: RawAnswer): object {
  const text = data.toString('latin1').replace(/0123456789abcdef[\w-]{8}/, '<id>')
  return { headers, text, trailers, isTrailersOnly, rstCode }
}

function statusOf({ headers, trailers }: RawAnswer): unknown {
  return trailers['grpc-status'] ?? headers['grpc-status'] ?? headers[':status']
}

const calls: readonly (readonly [name: string, expected: string | number, call: RawCall])[] = [
  ['the usual call', '0', { body: [usual] }],
  ['a message in octets', '0', { body: [...usual].map((octet) => Buffer.from([octet])) }],
  ['an empty message', '0', { body: [framed(Buffer.alloc(0))] }],
  ['no time-out', '0', { headers: { 'grpc-timeout': undefined }, body: [usual] }],
  ['no te', '0', { headers: { te: undefined }, body: [usual] }],
  [
    'another form of gRPC',
    '0',
    { headers: { 'content-type': 'application/grpc+proto' }, body: [usual] },
  ],
  [
    'a suffix that nobody knows',
    '0',
    { headers: { 'content-type': 'application/grpc+x' }, body: [usual] },
  ],
  [
    'a message of the greatest length',
    '0',
    { body: [framed(Buffer.alloc(maxMessageBytes, 0xff))] },
  ],
  ['no message', '12', { body: [] }],
  ['no body', '12', { hasNoBody: true }],
  ['two messages', '12', { body: [usual, usual] }],
  ['two messages in one frame', '12', { body: [Buffer.concat([usual, usual])] }],
  ['a message and the start of another', '0', { body: [usual, Buffer.from([0, 0])] }],
  ['a message without its end', '12', { body: [usual.subarray(0, -1)] }],
  ['half a prefix', '12', { body: [usual.subarray(0, 3)] }],
  ['a message compressed by gzip', '0', { headers: gzip, body: [framed(gzipSync(request), 1)] }],
  ['a broken compressed message', '13', { headers: gzip, body: [framed(request, 1)] }],
  [
    'a compressed message that grows too long',
    '8',
    { headers: gzip, body: [framed(gzipSync(Buffer.alloc(maxMessageBytes + 1)), 1)] },
  ],
  [
    'a compression that nobody has',
    '12',
    { headers: { 'grpc-encoding': 'br' }, body: [framed(request, 1)] },
  ],
  ['an encoding that is not used', '0', { headers: gzip, body: [usual] }],
  ['a message that is too long', '8', { body: [framed(Buffer.alloc(maxMessageBytes + 1))] }],
  [
    'a length that is too long, before the message comes',
    '8',
    { body: [framed(Buffer.alloc(maxMessageBytes + 1)).subarray(0, 5)], staysOpen: true },
  ],
  ['a deadline before the message', '4', { headers: { 'grpc-timeout': '30m' }, staysOpen: true }],
  [
    'a deadline in the message',
    '4',
    { headers: { 'grpc-timeout': '30m' }, body: [usual.subarray(0, 9)], staysOpen: true },
  ],
  [
    'a deadline before the end',
    '4',
    { headers: { 'grpc-timeout': '30000u' }, body: [usual], staysOpen: true },
  ],
  ['a time-out that is none', '13', { headers: { 'grpc-timeout': 'soon' }, body: [usual] }],
  [
    'another method of the service',
    '12',
    { headers: { ':path': '/envoy.service.auth.v3.Authorization/Other' }, body: [usual] },
  ],
  [
    'a path with a query',
    '12',
    { headers: { ':path': '/envoy.service.auth.v3.Authorization/Check?' }, body: [usual] },
  ],
  ['no content type', 415, { headers: { 'content-type': undefined }, body: [usual] }],
  ['another content type', 415, { headers: { 'content-type': 'application/json' }, body: [usual] }],
  ['another HTTP method', '0', { headers: { ':method': 'PUT' }, body: [usual] }],
]

describe('the lane and grpc-js say the same to', () => {
  it.each(calls)('%s: %s', async (_name, expected, call) => {
    const [lane, grpcJs] = [
      await callRaw(door.address, call),
      await callRaw(reference.address, call),
    ]
    expect(said(lane)).toEqual(said(grpcJs))
    expect(statusOf(lane)).toBe(expected)
    expect(door.faults).toEqual([])
  })
})

describe('a call of the lane', () => {
  it('that outlasts its deadline ends as with grpc-js, and its decision is dropped', async () => {
    await close()
    const decide: ((decision: Decision) => void)[] = []
    await open(async () => await new Promise((resolve) => decide.push(resolve)))
    const call = { headers: { 'grpc-timeout': '50m' }, body: [usual] }
    const [lane, grpcJs] = [
      await callRaw(door.address, call),
      await callRaw(reference.address, call),
    ]
    expect(said(lane)).toEqual(said(grpcJs))
    expect(statusOf(lane)).toBe(String(status.DEADLINE_EXCEEDED))
    for (const one of decide) one(testAllow())
    await until(() => door.events.length === 2)
    expect(door.faults).toEqual([])
  })

  it('that its client gives up disturbs no other on the connection', async () => {
    await close()
    const decide: ((decision: Decision) => void)[] = []
    await open(async () => await new Promise((resolve) => decide.push(resolve)))
    const session = connectHttp2(`http://${door.address}`)
    const begin = (): ClientHttp2Stream => session.request(checkHeaders).end(usual)
    const givenUp = begin()
    givenUp.on('error', () => undefined)
    await until(() => decide.length === 1)
    givenUp.close(constants.NGHTTP2_CANCEL)
    const other = begin()
    await until(() => decide.length === 2 && givenUp.destroyed)
    for (const one of decide) one(testAllow())
    const trailers = await new Promise<IncomingHttpHeaders>((resolve) => {
      other.on('trailers', resolve).resume()
    })
    expect(trailers['grpc-status']).toBe('0')
    expect(door.faults).toEqual([])
    await endClient(session)
  })

  it('is not disturbed by a client that opens streams only to reset them', async () => {
    const session = connectHttp2(`http://${door.address}`)
    session.on('error', () => undefined)
    let ended = 0
    for (let i = 0; i < 500 && !session.destroyed; i++) {
      const stream = session.request(checkHeaders)
      stream.on('error', () => undefined)
      stream.on('close', () => (ended += 1))
      stream.close(constants.NGHTTP2_CANCEL)
    }
    const client = createCheckClient(door.address)
    expect((await client.check({ path: '/read' })).kind).toBe('ok')
    await until(() => ended === 500)
    await endClient(session)
    client.close()
    expect(door.faults).toEqual([])
  })
})
