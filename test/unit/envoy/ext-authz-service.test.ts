/** The Check call: whatever comes in, a CheckResponse goes out, in time, and never an RPC error. */
import { Client, compressionAlgorithms, credentials } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CheckRequest } from '../../../src/check/index.js'
import { checkPath } from '../../../src/envoy/ext-authz-service.js'
import {
  checkRequestMessage,
  createCheckClient,
  decodeCheckResponse,
  encodeCheckRequest,
  type CheckClient,
} from '../../support/check-client.js'
import { testAllow, testRefusal } from '../../support/decisions.js'
import { startTestDoor, type TestDoor, type TestDoorOptions } from '../../support/test-door.js'
import { key, lengthDelimited, varint } from '../../support/wire.js'

let door: TestDoor
let client: CheckClient

async function open(options: TestDoorOptions = {}): Promise<void> {
  door = await startTestDoor(options)
  client = createCheckClient(door.address)
}

beforeEach(async () => {
  await open()
})

afterEach(async () => {
  client.close()
  await door.close(0)
})

/** Opens another door in place of the one that every test has. */
async function reopen(options: TestDoorOptions): Promise<void> {
  client.close()
  await door.close(0)
  await open(options)
}

describe('a call that is no HTTP request', () => {
  it.each([
    ['nothing', Buffer.alloc(0), 'no_route', 403],
    ['attributes of a TCP connection', lengthDelimited(1, lengthDelimited(4, '')), 'no_route', 403],
    ['text', Buffer.from('GET / HTTP/1.1'), 'malformed_request', 400],
    ['a broken length', Buffer.concat([key(1, 2), varint(99)]), 'malformed_request', 400],
    ['a group without end', key(1, 3), 'malformed_request', 400],
    ['bytes of one kind', Buffer.alloc(10_000, 0xff), 'malformed_request', 400],
  ])('of %s is denied', async (_name, bytes, reason, status) => {
    const answer = await client.checkBytes(bytes)
    expect(answer).toMatchObject({ kind: 'denied', status })
    expect(answer.code).toBeGreaterThan(0)
    expect(answer.metadata).toMatchObject({ decision: 'deny', reason })
    expect(door.events).toHaveLength(1)
    expect(door.events[0]).toMatchObject({ request: undefined, decision: { reason } })
    expect(door.faults).toEqual([])
  })
})

describe('a call that is an HTTP request', () => {
  it('is asked about with what the proxy told', async () => {
    const requests: CheckRequest[] = []
    await reopen({
      check: (request) => {
        requests.push(request)
        return testAllow()
      },
    })
    await client.check({
      method: 'POST',
      path: '/read?x=1',
      host: 'api.example.com:8443',
      headers: { authorization: 'Bearer a', 'x-request-id': '42' },
      contextExtensions: { 'scopegate.resource': 'users-api' },
    })
    expect(requests).toEqual([
      {
        method: 'POST',
        target: '/read?x=1',
        host: 'api.example.com:8443',
        authorization: Buffer.from('Bearer a'),
        selection: { resource: 'users-api', route: undefined },
        remainingMs: expect.any(Function) as unknown,
      },
    ])
    expect(door.events).toMatchObject([
      { requestId: '42', door: 'envoy', decision: { outcome: 'allow' } },
    ])
  })

  it('of 9 MiB is decided on', async () => {
    const cookie = 'x'.repeat(9 * 1_048_576)
    expect((await client.check({ headers: { cookie } })).kind).toBe('ok')
  })

  it('that is compressed is decided on', async () => {
    const compressing = new Client(door.address, credentials.createInsecure(), {
      'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
    })
    const bytes = encodeCheckRequest(
      checkRequestMessage({ path: '/zipped', headers: { cookie: 'x'.repeat(10_000) } }),
    )
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const pass = (message: Buffer): Buffer => message
      compressing.makeUnaryRequest(checkPath, pass, pass, bytes, (error, response) => {
        if (response === undefined) reject(error ?? new Error('no response'))
        else resolve(response)
      })
    })
    compressing.close()
    expect(decodeCheckResponse(answer).kind).toBe('ok')
    expect(door.events[0]?.request?.target).toBe('/zipped')
  })

  it('gets a decision that had to be waited for, and its octets are not kept meanwhile', async () => {
    let kept: unknown
    await reopen({
      check: async (request) => {
        await new Promise(setImmediate)
        kept = request.authorization
        return testRefusal('expired')
      },
    })
    const headers = { authorization: 'Bearer a' }
    expect(await client.check({ headers })).toMatchObject({ kind: 'denied', status: 401 })
    expect(kept).toBe(undefined)
  })

  it('is refused in the form that it asked for, each time', async () => {
    await reopen({ check: () => testRefusal('expired') })
    const bodies = []
    for (const headers of [
      { accept: 'application/json' },
      { accept: 'text/html' },
      { 'content-type': 'application/grpc' },
      { accept: 'application/json' },
    ]) {
      bodies.push((await client.check({ headers })).body)
    }
    const json =
      '{"status":401,"error":"invalid_token","error_description":"The access token expired"}\n'
    expect(bodies).toEqual([json, '', 'The access token expired', json])
  })

  it('gets a decision id of its own, which the observer is told', async () => {
    const answers = await Promise.all([1, 2, 3].map(async () => await client.check({})))
    const ids = answers.map(({ metadata }) => metadata['decision_id'])
    expect(new Set(ids).size).toBe(3)
    expect(door.events.map(({ decisionId }) => decisionId).sort()).toEqual([...ids].sort())
  })

  it('knows how long its proxy waits', async () => {
    const remaining: number[] = []
    await reopen({
      check: (request) => {
        remaining.push(request.remainingMs())
        return testAllow()
      },
    })
    await client.check({}, 5_000)
    expect(remaining[0]).toBeGreaterThan(4_000)
    expect(remaining[0]).toBeLessThanOrEqual(5_000)
  })
})

describe('a fault in the door', () => {
  it.each([
    ['of a refusal', testRefusal('missing_token'), 'challenge'],
    ['of an allow', testAllow(), 'identityHeaders'],
  ])(
    'while the answer %s is built refuses, and is told as what was answered',
    async (_n, decision, part) => {
      const broken = Object.defineProperty(decision, part, {
        get: () => {
          throw new Error('no answer can be built')
        },
      })
      await reopen({ check: () => broken })
      const answer = await client.check({})
      expect(answer).toMatchObject({ kind: 'denied', status: 500, code: 13 })
      const decisionId = answer.metadata['decision_id']
      expect(answer.metadata['reason']).toBe('internal_error')
      expect(door.faults).toHaveLength(1)
      expect(door.events).toMatchObject([{ decisionId, decision: { reason: 'internal_error' } }])
    },
  )

  it('while the decision is told to the observer changes no answer', async () => {
    await reopen({
      observe: () => {
        throw new Error('the observer is broken')
      },
    })
    expect((await client.check({})).kind).toBe('ok')
    expect(door.faults).toHaveLength(1)
    expect((await client.check({})).kind).toBe('ok')
  })

  it('defers only what is unavailable, where that is asked for', async () => {
    await reopen({
      defersUnavailable: true,
      check: (request) =>
        testRefusal(request.target === '/keys' ? 'keys_unavailable' : 'missing_token'),
    })
    expect((await client.check({ path: '/keys' })).kind).toBe('error')
    expect((await client.check({ path: '/other' })).kind).toBe('denied')
  })
})
