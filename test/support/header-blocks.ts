/**
 * Header blocks as node's own HTTP/2 client writes them, from nghttp2: an encoder that is not ours, with Huffman, dynamic
 * table and size updates. And what that client reads in an answer of ours.
 */
import { once } from 'node:events'
import { connect, type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { frame, frameType, preface } from './raw-http2.js'

/** The block of one request; `request` is its place among those that were asked for. */
export interface SentBlock {
  readonly request: number
  readonly block: Buffer
}

/** What the peers of a conversation may do; `answer` is the header block of every answer, else `:status 200`. */
export interface ConversationOptions {
  /** The table that we announce; the client makes its own as large as that. */
  readonly tableBytes?: number
  readonly answer?: Buffer
}

/** Everything that was said, blocks in the order in which they came. */
export interface Conversation {
  readonly blocks: readonly SentBlock[]
  /** The header fields of each answer, name and value in turn. */
  readonly answers: readonly (readonly string[])[]
}

const endHeaders = 0x4
const endOfAll = endHeaders | 0x1
const headerTableSize = 1
const status200 = Buffer.from([0x88])

/** Sends all requests on one new connection, and waits until each has its answer. Rejects when one fails. */
export async function converse(
  requests: readonly OutgoingHttpHeaders[],
  options: ConversationOptions = {},
): Promise<Conversation> {
  const blocks: SentBlock[] = []
  const { tableBytes = 4_096, answer = status200 } = options
  const server = createServer((socket) => {
    socket.on('error', () => undefined) // The client goes away when it has all.
    socket.write(frame(frameType.settings, 0, 0, tableSetting(tableBytes)))
    readBlocks(socket, (stream, block) => {
      blocks.push({ request: (stream - 1) / 2, block })
      socket.write(frame(frameType.headers, endOfAll, stream, answer))
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect(`http://127.0.0.1:${String(port)}`, {
    maxDeflateDynamicTableSize: tableBytes,
  })
  client.on('error', () => undefined) // Its streams end with it, and say so.
  try {
    const answers = await Promise.all(requests.map(async (headers) => await ask(client, headers)))
    return { blocks, answers }
  } finally {
    client.destroy()
    server.close()
  }
}

async function ask(client: ClientHttp2Session, headers: OutgoingHttpHeaders): Promise<string[]> {
  return await new Promise((resolve, reject) => {
    const stream = client.request(headers, { endStream: true })
    stream.on('error', reject)
    stream.on('close', () => {
      reject(new Error('a request was closed without an answer'))
    })
    stream.on('response', (...[, , rawHeaders]: [unknown, number, string[]?]) => {
      stream.resume()
      resolve(rawHeaders ?? [])
    })
  })
}

function tableSetting(bytes: number): Buffer {
  const setting = Buffer.alloc(6)
  setting.writeUInt16BE(headerTableSize, 0)
  setting.writeUInt32BE(bytes, 2)
  return setting
}

/** Calls back with each whole block. Frames have no padding: node's client sends none unless it is told to. */
function readBlocks(socket: Socket, onBlock: (stream: number, block: Buffer) => void): void {
  let received = Buffer.alloc(0)
  let parts: Buffer[] = []
  let at = preface.length
  socket.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes])
    while (received.length >= at + 9 && received.length >= at + 9 + received.readUIntBE(at, 3)) {
      const length = received.readUIntBE(at, 3)
      const type = received.readUInt8(at + 3)
      if (type === frameType.headers || type === frameType.continuation) {
        parts.push(received.subarray(at + 9, at + 9 + length))
        if ((received.readUInt8(at + 4) & endHeaders) !== 0) {
          onBlock(received.readUInt32BE(at + 5), Buffer.concat(parts))
          parts = []
        }
      }
      at += 9 + length
    }
  })
}
