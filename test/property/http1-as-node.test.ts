/** What is read without Node is read as Node reads it, and what is not is Node's: there is no second opinion (ADR 0039). */
import { createServer, type IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRequestHead, type RequestHead } from '../../src/http1/request-head.js'
import {
  answersOf,
  converse,
  startTalkingServer,
  type TalkingServer,
} from '../support/http1-conversation.js'

/** Right, almost right, and wrong: what is put together of them gets far. */
const method = fc.constantFrom(
  ...[
    'GET',
    'GET',
    'GET',
    'HEAD',
    'POST',
    'PUT',
    'OPTIONS',
    'get',
    'CONNECT',
    'PRI',
    'GETGETGET',
    '',
  ],
)
const target = fc.constantFrom(
  ...[
    '/nginx',
    '/nginx',
    '/a?b=c#d',
    '/"<>\\^`{|}',
    '/%00',
    '//',
    '*',
    'http://a/b',
    '',
    '/\x7f',
    '/\xe9',
  ],
)
const version = fc.constantFrom(
  ...[
    'HTTP/1.1',
    'HTTP/1.1',
    'HTTP/1.1',
    'HTTP/1.0',
    'HTTP/1.2',
    'HTTP/2.0',
    'http/1.1',
    'HTTP/1.1 ',
  ],
)
const lineEnd = fc.constantFrom(
  ...['\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n'],
)
const field = fc.constantFrom(
  ...[
    'host: api.example',
    'Authorization: Bearer a.b.c',
    'x: \t a b \t',
    'x:',
    'x:   ',
    'X-Name: caf\xe9',
  ],
  ...['accept: text/html', 'Connection: keep-alive', 'connection: close', 'CONNECTION: Keep-Alive'],
  ...['connection: upgrade', 'upgrade: websocket', 'connection: keep-alive, x', 'connection:'],
  ...[
    'content-length: 0',
    'content-length: 3',
    'content-length: 00',
    'Content-Length: ',
    'content-length: +0',
  ],
  ...['content-length: 0 ', 'content-length: 0\t', 'content-length:\t0', 'connection: close\t'],
  ...['connection: close ', 'connection:close', 'connection: \tkeep-alive', 'keep-alive: x'],
  ...[
    'transfer-encoding: chunked',
    'Transfer-Encoding: identity',
    'expect: 100-continue',
    'expect: x',
  ],
  ...[
    'proxy-connection: close',
    'keep-alive: timeout=1',
    'te: trailers',
    'trailer: x',
    'http2-settings: x',
  ],
  ...[
    'x : y',
    ' x: y',
    '\tfolded',
    ':empty',
    'x',
    'x: a\x00b',
    'x: a\x7fb',
    'x(y: z',
    'x: \x0b',
    'x: y\rz',
  ],
)
const usualField = fc.constantFrom(
  ...['host: api.example', 'Authorization: Bearer a.b.c', 'x: \t a b \t', 'Connection: keep-alive'],
  ...['accept: text/html', 'content-length: 0', 'x-name: caf\xe9', 'upgrade: websocket'],
)
const request = fc
  .tuple(
    method,
    target,
    version,
    fc.array(fc.tuple(fc.oneof(usualField, field), lineEnd), { maxLength: 4 }),
    lineEnd,
  )
  .map(([m, t, v, fields, end]) => `${m} ${t} ${v}${end}${fields.flat().join('')}\r\n`)
const usualRequest = fc
  .tuple(fc.constantFrom('GET', 'HEAD', 'POST'), fc.array(usualField, { maxLength: 4 }))
  .map(
    ([m, fields]) => `${m} /nginx HTTP/1.1\r\n${fields.map((line) => `${line}\r\n`).join('')}\r\n`,
  )
const body = fc.constantFrom('', '', '', 'abc', '3\r\nabc\r\n0\r\n\r\n', '\r\n')
const octets = fc
  .array(fc.tuple(fc.oneof(usualRequest, request), body), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.flat().join(''))
const change = fc.record({
  at: fc.nat(300),
  length: fc.nat(2),
  by: fc.constantFrom('', ' ', '\t', '\r', '\n', '\r\n', '\0', ':', ',', 'a', '/', '\x80'),
})
const changed = fc
  .tuple(octets, fc.array(change, { maxLength: 2 }))
  .map(([text, changes]) =>
    changes.reduce((t, { at, length, by }) => t.slice(0, at) + by + t.slice(at + length), text),
  )
  .map((text) => Buffer.from(text, 'latin1'))

type Seen = Pick<RequestHead, 'method' | 'target' | 'fields' | 'closes'>

/** All requests that are read here, and how it ended. */
function readHere(bytes: Buffer): { seen: Seen[]; isWhole: boolean } {
  const seen: Seen[] = []
  let rest = bytes
  while (rest.length > 0) {
    const head = readRequestHead(rest)
    if (typeof head === 'string') return { seen, isWhole: head === 'incomplete' }
    const { end, ...request } = head
    seen.push(request)
    if (head.closes) return { seen, isWhole: false } // Nobody asks what comes behind.
    rest = rest.subarray(end)
  }
  return { seen, isWhole: true }
}

const node = createServer({ maxHeaderSize: 8_192, requireHostHeader: false })
const seenByNode = new WeakMap<object, Seen[]>()
node.maxHeadersCount = 0
node.on('request', ({ method = '', url = '', rawHeaders, socket }: IncomingMessage, response) => {
  const closes = !response.shouldKeepAlive
  seenByNode.get(socket)?.push({ method, target: url, fields: rawHeaders, closes })
})
node.on('checkExpectation', (_request, response) => response.end())
node.on('clientError', (_fault, socket) => socket.destroy())

/** All requests that Node finds in the octets. */
async function readByNode(bytes: Buffer): Promise<Seen[]> {
  const seen: Seen[] = []
  const socket = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => {
      done()
    },
  })
  seenByNode.set(socket, seen)
  node.emit('connection', socket)
  socket.push(bytes)
  await new Promise((resolve) => setImmediate(resolve))
  socket.destroy()
  return seen
}

describe('a request that is read without Node', () => {
  it('is the one that Node reads, and ends where Node says', async () => {
    let count = 0
    await fc.assert(
      fc.asyncProperty(changed, async (bytes) => {
        const here = readHere(bytes)
        const there = await readByNode(bytes)
        count += here.seen.length
        expect(there.slice(0, here.seen.length)).toEqual(here.seen)
        if (here.isWhole) expect(there).toHaveLength(here.seen.length)
      }),
      { numRuns: 5_000 },
    )
    expect(count).toBeGreaterThan(1_000) // Else nothing would have been compared.
  })
})

describe('a conversation', () => {
  let ours: TalkingServer
  let nodes: TalkingServer
  beforeAll(async () => {
    ours = await startTalkingServer('ours')
    nodes = await startTalkingServer('node')
  })
  afterAll(async () => {
    await ours.close()
    await nodes.close()
  })

  it('is the one that Node alone would have had, in whatever pieces it comes', async () => {
    let count = 0
    let handedOver = 0
    await fc.assert(
      fc.asyncProperty(changed, fc.array(fc.nat(300), { maxLength: 4 }), async (bytes, cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        const parts = places.slice(1).map((end, i) => bytes.subarray(places[i], end))
        const [here = [], there = []] = await Promise.all(
          [ours, nodes].map(async ({ port }) => answersOf(await converse(port, parts))),
        )
        if (there.at(-1)?.includes('HTTP/1.1 400 Bad Request') === true) {
          // Node drops answers that are ready when something behind them in the same packet is refused.
          const kept = there.length - 1
          expect(here.slice(0, kept)).toEqual(there.slice(0, kept))
          expect(here.at(-1)).toContain('connection: close')
        } else {
          expect(here).toEqual(there)
        }
        const [asked, askedByNode] = [ours, nodes].map(({ questions }) => questions.splice(0))
        expect(asked).toEqual(askedByNode)
        count += asked?.length ?? 0
        handedOver += ours.handedOver
        ours.handedOver = 0
      }),
      { numRuns: 500 },
    )
    expect(count).toBeGreaterThan(100)
    expect(handedOver).toBeGreaterThan(100) // Else Node would not have been asked.
  })
})
