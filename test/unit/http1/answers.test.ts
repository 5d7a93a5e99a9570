/** What is answered without Node is what Node would have sent, and the connection goes on or ends as with Node. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  answersOf,
  converse,
  startTalkingServer,
  type TalkingServer,
} from '../../support/http1-conversation.js'

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

const requests = [
  ['HTTP/1.1', 'GET / HTTP/1.1\r\n'],
  ['HTTP/1.1 that closes', 'GET / HTTP/1.1\r\nConnection: close\r\n'],
  ['HTTP/1.0', 'GET / HTTP/1.0\r\n'],
  ['HTTP/1.0 that stays', 'GET / HTTP/1.0\r\nconnection: Keep-Alive\r\n'],
  ['HEAD', 'HEAD / HTTP/1.1\r\n'],
  ['POST without a body', 'POST / HTTP/1.1\r\ncontent-length: 0\r\n'],
] as const
/** Each of the three answers is given to a number of fields. */
const more = ['', 'a: b\r\n', 'a: b\r\nc: d\r\n']

describe.each(requests)('%s', (_name, head) => {
  it.each(more)('and %j is answered as by Node', async (fields) => {
    const bytes = Buffer.from(`${head}${fields}\r\n`.repeat(2))
    const before = ours.handedOver
    const answers = answersOf(await converse(ours.port, [bytes]))
    expect(answers).toEqual(answersOf(await converse(nodes.port, [bytes])).slice(0, answers.length))
    expect(answers).toHaveLength(answers[0]?.includes('connection: close') === true ? 1 : 2)
    expect(ours.handedOver).toBe(before)
  })
})

const others = [
  ['a body', 'POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc'],
  ['chunks', 'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
  ['two lengths', 'POST / HTTP/1.1\r\ncontent-length: 0\r\ncontent-length: 3\r\n\r\nabc'],
  ['both', 'POST / HTTP/1.1\r\ncontent-length: 0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['Expect', 'POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\nabc'],
  ['a bare line feed', 'GET / HTTP/1.1\na: b\r\n\r\n'],
  ['a folded line', 'GET / HTTP/1.1\r\na: b\r\n c\r\n\r\n'],
  ['a space before a colon', 'GET / HTTP/1.1\r\na : b\r\n\r\n'],
  ['an absolute target', 'GET http://a/ HTTP/1.1\r\n\r\n'],
  ['a NUL', 'GET / HTTP/1.1\r\na: \0\r\n\r\n'],
  ['two Connections', 'GET / HTTP/1.1\r\nconnection: close\r\nconnection: keep-alive\r\n\r\n'],
  ['201 fields', `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(201)}\r\n`],
  ['a long head', `GET / HTTP/1.1\r\na: ${'b'.repeat(8_192)}\r\n\r\n`],
] as const

describe.each(others)('a request with %s', (_name, request) => {
  it('is given to Node, and so is what follows', async () => {
    const usual = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'
    const before = ours.handedOver
    const parts = [usual, request, usual].map((text) => Buffer.from(text, 'latin1'))
    const answers = answersOf(await converse(ours.port, parts))
    expect(answers).toEqual(answersOf(await converse(nodes.port, parts)))
    expect(answers.length).toBeGreaterThan(1)
    expect(ours.handedOver).toBe(before + 1)
  })
})
