/**
 * HTTP/2 as frames on a socket, for header blocks that no well-behaved client would send: pseudo-headers twice or not
 * at all, names in upper case, any octet. Says how a stream was answered, not with what: that would need a decoder.
 */
import { connect } from 'node:net'

/** Header fields in order; a text is taken as Latin-1, one octet a character. */
export type HeaderBlock = readonly (readonly [name: string, value: string])[]

/** How it ended: with response headers, a reset of the stream, GOAWAY, or the end of the connection. */
export type StreamEnd = 'answered' | 'reset' | 'goaway' | 'closed'

/** What a client says first (RFC 9113 section 3.4). */
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
/** The types of frames (RFC 9113 section 6). */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
}
const endStream = 0x1
const endHeaders = 0x4
/** The largest frame that a peer takes without saying so (RFC 9113 section 6.5.2). */
const maxFrameBytes = 16_384
const patienceMs = 10_000

/** Sends one stream without a body on a connection of its own. Rejects when nothing comes back in ten seconds. */
export async function sendHeaderBlock(port: number, block: HeaderBlock): Promise<StreamEnd> {
  return await new Promise((resolve, reject) => {
    let received = Buffer.alloc(0)
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        Buffer.concat([preface, frame(frameType.settings, 0, 0), ...headerFrames(block)]),
      )
    })
    const finish = (end: StreamEnd): void => {
      socket.destroy()
      resolve(end)
    }
    socket.setTimeout(patienceMs, () => {
      socket.destroy()
      reject(new Error(`no answer to ${JSON.stringify(block)}`))
    })
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes])
      const end = streamEnd(received)
      if (end !== undefined) finish(end)
    })
    for (const event of ['error', 'close'] as const) {
      socket.on(event, () => {
        finish('closed')
      })
    }
  })
}

function streamEnd(bytes: Buffer): StreamEnd | undefined {
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    const type = bytes.readUInt8(at + 3)
    if (type === frameType.headers) return 'answered'
    if (type === frameType.reset) return 'reset'
    if (type === frameType.goaway) return 'goaway'
  }
  return undefined
}

/** The frames of a header block, with the end of the stream unless it goes on. */
export function headerFrames(block: HeaderBlock, stream = 1, isEnd = true): Buffer[] {
  const bytes = blockBytes(block)
  const frames: Buffer[] = []
  for (let at = 0; at === 0 || at < bytes.length; at += maxFrameBytes) {
    const part = bytes.subarray(at, at + maxFrameBytes)
    const isLast = at + maxFrameBytes >= bytes.length
    const flags = (isLast ? endHeaders : 0) | (at === 0 && isEnd ? endStream : 0)
    frames.push(frame(at === 0 ? frameType.headers : frameType.continuation, flags, stream, part))
  }
  return frames
}

/** A header block in octets, every field a literal that nobody remembers. */
export function blockBytes(block: HeaderBlock): Buffer {
  return Buffer.concat(block.map(([name, value]) => literalField(name, value)))
}

/** One frame. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** RFC 7541 section 6.2.2: a literal field without indexing, with a new name, without Huffman. */
function literalField(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), literal(name), literal(value)])
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const prefix = [127] // RFC 7541 section 5.1: what exceeds the prefix follows in groups of seven bits.
  let rest = bytes.length - 127
  for (; rest >= 128; rest = Math.floor(rest / 128)) prefix.push((rest % 128) + 128)
  return Buffer.concat([Buffer.from([...prefix, rest]), bytes])
}
