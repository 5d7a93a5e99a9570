/** Stands between a proxy and its gate, counts the connections and keeps the bytes that are asked. */
import { connect, createServer, type AddressInfo } from 'node:net'

export interface QuestionRelay {
  readonly port: number
  /** How many connections there were so far. */
  readonly connections: () => number
  /** Everything asked so far, one octet a character. */
  readonly asked: () => string
  readonly close: () => Promise<void>
}

/** Starts a relay to a gate on 127.0.0.1. */
export async function startQuestionRelay(gatePort: number): Promise<QuestionRelay> {
  let connections = 0
  let asked = ''
  const server = createServer((socket) => {
    connections += 1
    const gate = connect(gatePort, '127.0.0.1')
    for (const end of [socket, gate]) end.on('error', () => undefined)
    socket.on('data', (bytes: Buffer) => {
      asked += bytes.toString('latin1')
    })
    socket.pipe(gate).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    asked: () => asked,
    close: async () => {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
