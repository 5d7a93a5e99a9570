/** A head that is written once says what Node would have written, and nothing else gets through on it. */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { prepareAnswer, sendAnswer } from '../../../src/forward-auth/send-answer.js'

const id = '0123456789abcdef00000001'
const answers = [
  ['an allow', prepareAnswer(200, [{ name: 'x-auth-subject', value: 'auth0|5f7c' }], '')],
  [
    'a refusal with a body',
    prepareAnswer(401, [{ name: 'www-authenticate', value: 'Bearer' }], '{}'),
  ],
  ['octets of Latin-1', prepareAnswer(403, [{ name: 'x-name', value: 'caf\u00e9' }], 'caf\u00e9')],
] as const

/** Node's own way to send the same. */
function sendByNode(response: ServerResponse, [, answer]: (typeof answers)[number]): void {
  const fields = [...answer.fields.slice(0, -1), id]
  response.writeHead(answer.status, fields).end(answer.body)
}

let server: Server
let send: (response: ServerResponse) => void
beforeEach(async () => {
  server = createServer((_request, response) => {
    response.sendDate = false
    send(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

/** Everything that a connection gets until it has ended, or until as many answers are there. */
async function receive(bytes: string, count: number): Promise<{ text: string; isEnded: boolean }> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.setEncoding('latin1').write(bytes)
  let text = ''
  return await new Promise((resolve) => {
    const finish = (isEnded: boolean): void => {
      socket.destroy()
      resolve({ text, isEnded })
    }
    socket.on('data', (part: string) => {
      text += part
      if (!/^connection: close/im.test(text) && text.split(id).length > count) finish(false)
    })
    socket.on('close', () => {
      finish(true)
    })
  })
}

/** The lines in one spelling, without the hint for how long the connection stays open. */
function lines(text: string): string[] {
  const [head = '', ...body] = text.split('\r\n\r\n')
  const fields = head.split('\r\n').map((line) => line.replace(/^[^:]+:/, (n) => n.toLowerCase()))
  return [...fields.filter((line) => !line.startsWith('keep-alive:')).sort(), ...body]
}

const requests = [
  ['HTTP/1.1', 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'],
  ['HTTP/1.1 that closes', 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'],
  ['HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n'],
  ['HTTP/1.0 that stays', 'GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n'],
  ['HEAD', 'HEAD / HTTP/1.1\r\nhost: a\r\n\r\n'],
] as const

describe.each(answers)('%s', (...answer) => {
  it.each(requests)('is to %s what Node would have sent', async (_name, request) => {
    send = (response) => {
      sendByNode(response, answer)
    }
    const expected = await receive(request, 1)
    send = (response) => {
      sendAnswer(response, answer[1], id)
    }
    const received = await receive(request, 1)
    expect(lines(received.text)).toEqual(lines(expected.text))
    expect(received.isEnded).toBe(expected.isEnded)
  })

  it('is sent once to each of the questions in one packet, in order', async () => {
    let count = 0
    send = (response) => {
      sendAnswer(response, answer[1], `${id}-${String(count++)}`)
    }
    const { text } = await receive('GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(3), 3)
    expect(text.match(/x-scopegate-decision-id: .*/g)).toEqual(
      [0, 1, 2].map((n) => `x-scopegate-decision-id: ${id}-${String(n)}`),
    )
    expect(text.split('HTTP/1.1 ')).toHaveLength(4)
  })
})

describe('a Node that keeps its head elsewhere', () => {
  it('is told the head in the public way', () => {
    const writeHead = vi.fn().mockReturnThis()
    const end = vi.fn()
    const response = { shouldKeepAlive: true, headersSent: false, writeHead, end }
    const answer = answers[1][1]
    sendAnswer(response as unknown as ServerResponse, answer, id)
    expect(writeHead).toHaveBeenCalledExactlyOnceWith(401, [...answer.fields.slice(0, -1), id])
    expect(end).toHaveBeenCalledExactlyOnceWith('{}')
  })
})

describe('a header that HTTP does not allow', () => {
  it.each([
    ['x-name', 'a\r\nset-cookie: b'],
    ['x-name', 'a\nb'],
    ['x-name', 'a\0b'],
    ['x-name', '\u20ac'],
    ['x name', 'a'],
    ['x-name:', 'a'],
    ['', 'a'],
  ])('%j: %j is no part of an answer', (name, value) => {
    expect(() => prepareAnswer(200, [{ name, value }], '')).toThrow(/header/i)
  })
})
