/** Connections that are read without Node, whose questions, and what else becomes of them, a test sees and answers by hand. */
import { connect, type Socket } from 'node:net'
import {
  ServerConnection,
  type RequestHead,
  type ServerConnectionOptions,
} from '../../src/http1/index.js'
import { startSocketServer } from './http1-conversation.js'
import { until } from './until.js'

/** A connection from both ends. */
export interface Peer {
  readonly client: Socket
  readonly connection: ServerConnection
  /** The server's end. */
  readonly socket: Socket
  received: string
}

/** A question as a proxy asks it. */
export const question = 'GET /a HTTP/1.1\r\nhost: a\r\n\r\n'

/** What was served, given away and refused, in order, and the connections to end. */
export class ConnectionWorld {
  readonly served: { readonly head: RequestHead; readonly connection: ServerConnection }[] = []
  readonly handedOver: Socket[] = []
  readonly refused: string[] = []
  readonly #stops: (() => Promise<void>)[] = []
  #answered = 0

  /** Opens a connection. */
  async open(options: Partial<ServerConnectionOptions> = {}): Promise<Peer> {
    const all: ServerConnectionOptions = {
      maxHeadBytes: 8_192,
      requestTimeoutMs: 10_000,
      keepAliveMs: 10_000,
      serve: (head, connection) => this.served.push({ head, connection }),
      handOver: (socket) => this.handedOver.push(socket),
      refuse: (socket, fault) => {
        this.refused.push(fault)
        socket.destroy()
      },
      ...options,
    }
    let accepted: Pick<Peer, 'connection' | 'socket'> | undefined
    const sockets = await startSocketServer((socket) => {
      accepted = { socket, connection: new ServerConnection(socket, all) }
    })
    const { port } = sockets
    const client = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    this.#stops.push(async () => {
      client.destroy()
      await sockets.close()
    })
    client.on('error', () => undefined).setEncoding('latin1')
    await until(() => accepted !== undefined)
    const peer = { client, received: '', ...(accepted as Pick<Peer, 'connection' | 'socket'>) }
    client.on('data', (text: string) => (peer.received += text))
    return peer
  }

  /** Answers the oldest question that has no answer yet, with its place in the order as `id`. */
  answer(body = ''): void {
    const id = String(this.#answered)
    const asked = this.served[this.#answered++]
    if (asked === undefined) throw new Error('there is no question')
    const length = `content-length: ${String(body.length)}\r\n`
    asked.connection.respond(`HTTP/1.1 200 OK\r\n${length}id: ${id}\r\n`, body)
  }

  /** Resolves when as many questions are served. */
  async asked(count: number): Promise<void> {
    await until(() => this.served.length === count, `question ${String(count)}`)
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) await stop()
  }
}
