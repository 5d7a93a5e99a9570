/** Octets said to a server on one connection, and all that it says until it has ended. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { ServerConnection, type ServerConnectionOptions } from '../../src/http1/index.js'
import { createNodeHttp, refuse } from '../../src/forward-auth/node-http.js'
import type {
  ForwardAuthService,
  QuestionHead,
} from '../../src/forward-auth/forward-auth-service.js'
import { prepareAnswer, sendOn, type SendAnswer } from '../../src/forward-auth/http-answer.js'

/** A server on a port of its own. */
export interface TalkingServer {
  readonly port: number
  /** What the service was asked, in order. */
  readonly questions: QuestionHead[]
  /** How many connections were given to Node. */
  handedOver: number
  close(): Promise<void>
}

/** The id in every answer. */
const conversationId = '0123456789abcdef00000001'

/** Every form of answer, by the number of fields. */
const answers = [
  prepareAnswer(200, [{ name: 'x-auth-subject', value: 'auth0|5f7c' }], ''),
  prepareAnswer(401, [{ name: 'www-authenticate', value: 'Bearer' }], '{}'),
  prepareAnswer(403, [{ name: 'x-name', value: 'caf\u00e9' }], 'caf\u00e9 \u20ac'),
] as const

/** `readBy` says who reads: ours with Node behind it, as the doors do, or Node alone. */
export async function startTalkingServer(readBy: 'ours' | 'node'): Promise<TalkingServer> {
  const questions: QuestionHead[] = []
  const handle = (head: QuestionHead, send: SendAnswer): void => {
    questions.push(head)
    send(answers[(head.fields.length / 2) % answers.length] ?? answers[0], conversationId)
  }
  const service: ForwardAuthService = { handle, unreadable: () => undefined }
  const limits = { requestTimeoutMs: 10_000, keepAliveMs: 10_000 }
  const isTrusted = (): boolean => true
  const isDraining = (): boolean => false
  const node = createNodeHttp({ ...limits, maxHeaderBytes: 8_192, isTrusted, isDraining }, service)
  const ours: ServerConnectionOptions = {
    ...limits,
    maxHeadBytes: 8_192,
    serve({ method, target, fields }, connection) {
      handle({ method, target, fields }, sendOn(connection))
    },
    handOver(socket) {
      result.handedOver += 1
      node.serve(socket)
    },
    refuse(socket, fault) {
      refuse(socket, fault === 'late' ? 408 : 400)
    },
  }
  const sockets = await startSocketServer((socket) => {
    if (readBy === 'ours') new ServerConnection(socket, ours)
    else node.serve(socket)
  })
  const result = {
    port: sockets.port,
    questions,
    handedOver: 0,
    async close() {
      node.stop()
      await sockets.close()
    },
  }
  return result
}

/** Listens, with sockets that stay open for writing when the peer has ended its side. */
export async function startSocketServer(
  onSocket: (socket: Socket) => void,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    onSocket(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

/** Says the parts one after the other, ends its side, and resolves to all that came back, in Latin-1. */
export async function converse(port: number, parts: readonly Buffer[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  let received = ''
  socket.setEncoding('latin1').on('data', (text: string) => (received += text))
  socket.on('error', () => undefined) // A reset is an end too: the server may have said enough.
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await once(socket, 'connect')
  for (const part of parts) {
    if (!socket.writable) break
    socket.write(part)
    await new Promise((resolve) => setImmediate(resolve))
  }
  socket.end()
  socket.once('end', () => socket.destroy())
  await closed
  return received
}

/**
 * Each answer as lines in one spelling and order, without the hint for how long the connection stays open, up to the one
 * that closes it: a client has no use for what comes behind.
 */
export function answersOf(text: string): string[][] {
  const answers = text === '' ? [] : text.split(/(?=HTTP\/1\.1 )/)
  const lines = answers.map((answer) => {
    const [head = '', ...body] = answer.split('\r\n\r\n')
    const fields = head
      .split('\r\n')
      .map((line) => line.replace(/^[^:]+:/, (name) => name.toLowerCase()))
    return [...fields.filter((line) => !line.startsWith('keep-alive:')).sort(), ...body]
  })
  const last = lines.findIndex((answer) => answer.includes('connection: close'))
  return last < 0 ? lines : lines.slice(0, last + 1)
}
