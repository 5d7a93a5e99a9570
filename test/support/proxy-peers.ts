/** What stands on both sides of a proxy that is looked at closely: a gate that answers wrongly, an API with bodies. */
import { createHash } from 'node:crypto'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { freePorts } from './free-ports.js'

/** Answers one question on the socket, or does not. */
export type Reply = (socket: Socket) => void

/** A gate whose answers are bytes of a test. */
export interface ByteGate {
  readonly port: number
  /** The bytes of every question. */
  readonly questions: string[]
  /** How many connections there were so far. */
  readonly connections: () => number
  /** How it answers from now on. */
  reply: Reply
  readonly close: () => Promise<void>
}

const identity =
  'x-auth-subject: alice\r\nx-scopegate-decision-id: 3c64314054a951e500000004\r\n' +
  'x-scopegate-remove-headers: x-auth-scope\r\n'

/** An answer with the headers of an allow. */
function withId(statusLine: string, more = ''): Reply {
  return (socket) => socket.write(`HTTP/1.1 ${statusLine}\r\n${identity}${more}\r\n`)
}

/** The answer that lets a request pass. */
export const allow: Reply = withId('200 OK', 'content-length: 0\r\n')

/** Answers that let nobody in. */
export const faults: readonly (readonly [name: string, reply: Reply])[] = [
  ['nothing', () => undefined],
  ['a header that never ends', (socket) => socket.write('HTTP/1.1 200 OK\r\nx-a: ')],
  ['the end of the connection', (socket) => socket.destroy()],
  ['half a header', (socket) => socket.end('HTTP/1.1 200 OK\r\nx-scopegate-dec')],
  ['what is not HTTP', (socket) => socket.end('200 OK\r\n\r\n')],
  ['100 and no more', (socket) => socket.end('HTTP/1.1 100 Continue\r\n\r\n')],
  ['101', withId('101 Switching Protocols', 'connection: upgrade\r\nupgrade: websocket\r\n')],
  ['202', withId('202 Accepted', 'content-length: 0\r\n')],
  ['204', withId('204 No Content')],
  ['206', withId('206 Partial Content', 'content-length: 0\r\n')],
  ['302', withId('302 Found', 'location: /\r\ncontent-length: 0\r\n')],
  ['304', withId('304 Not Modified')],
  ['500', withId('500 Internal Server Error', 'content-length: 0\r\n')],
  [
    '200 of another server',
    (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
  ],
]

/**
 * Starts a gate that allows everything until told otherwise; on a given port, or on one of its own to which another may
 * come back.
 */
export async function startByteGate(given?: number): Promise<ByteGate> {
  const [port = 0] = given === undefined ? await freePorts(1) : [given]
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    let received = ''
    socket.on('error', () => undefined) // The proxy may cut what it no longer waits for.
    socket.on('close', () => sockets.delete(socket))
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text
      if (!received.includes('\r\n\r\n')) return
      gate.questions.push(received)
      received = ''
      gate.reply(socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const gate: ByteGate = {
    port,
    questions: [],
    connections: () => connections,
    reply: allow,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return gate
}

/** An API that says what it got, and one that says it in pieces. */
export interface BodyUpstream {
  readonly port: number
  /** Lets the second piece of `/stream` go. */
  readonly release: () => void
  readonly close: () => Promise<void>
}

/** The answer of {@link startBodyUpstream} to a body. */
export function digestOf(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}

/** Answers with the digest of the body; `/stream` begins at once and ends when it is released; WebSockets echo. */
export async function startBodyUpstream(): Promise<BodyUpstream> {
  let release: () => void = () => undefined
  const server = createHttpServer((request, response) => {
    if (request.url === '/stream') {
      response.writeHead(200).write('first,')
      release = () => response.end('second')
      return
    }
    const hash = createHash('sha256')
    request.on('data', (part: Buffer) => hash.update(part))
    request.on('end', () => response.end(hash.digest('hex')))
  })
  const upgraded = new Set<Socket>()
  server.on('upgrade', (request, socket: Socket) => {
    upgraded.add(socket)
    socket.on('error', () => undefined)
    const protocol = request.headers.upgrade ?? ''
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\n\r\n`,
    )
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    release: () => {
      release()
    },
    async close() {
      for (const socket of upgraded) socket.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
