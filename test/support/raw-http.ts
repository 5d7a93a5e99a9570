/** HTTP as bytes on a socket, for requests that no well-behaved client would send. */
import { connect } from 'node:net'

/** What came back; `status` is 0 when the other side closed without an answer. */
export interface RawAnswer {
  readonly status: number
  /** By name in lower case; every value by itself. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly body: string
}

/** A name for the test's output, and what is sent. */
export type NamedRequest = readonly [name: string, bytes: string]

/** The header line of a host that is good. */
export const apiHost = 'host: api.example.com'

/**
 * Sends bytes (a text is taken as Latin-1, one octet a character) and resolves to the first answer. Rejects when
 * there is neither an answer nor an end in time. `isEnough` says when an answer is there.
 */
export async function sendRaw(
  port: number,
  request: string | Buffer,
  patienceMs = 10_000,
  isEnough: (received: string) => boolean = isComplete,
): Promise<RawAnswer> {
  return await new Promise((resolve, reject) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(typeof request === 'string' ? Buffer.from(request, 'latin1') : request)
    })
    const finish = (): void => {
      socket.destroy()
      resolve(parseAnswer(received))
    }
    socket.setTimeout(patienceMs, () => {
      socket.destroy()
      reject(new Error(`no answer to ${JSON.stringify(request.toString('latin1'))}`))
    })
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      received += text
      if (isEnough(received)) finish()
    })
    // A reset is an end too: Envoy may close while bytes of a refused request are still on their way.
    socket.on('error', finish)
    socket.on('close', finish)
  })
}

/** The bytes of an HTTP/1.1 request that closes its connection, from a request line and header lines. */
export function rawRequest(line: string, ...headers: readonly string[]): string {
  return `${[line, ...headers, 'connection: close'].join('\r\n')}\r\n\r\n`
}

function isComplete(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return false
  const length = /^content-length: *(\d+)/im.exec(text.slice(0, end))?.[1]
  return length !== undefined && text.length >= end + 4 + Number(length)
}

function parseAnswer(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers: Record<string, string[]> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    ;(headers[name] ??= []).push(line.slice(colon + 1).trim())
  }
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1] ?? 0),
    headers,
    body: rest.join('\r\n\r\n'),
  }
}
