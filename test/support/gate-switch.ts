/** A port that leads to one of several gates, so that a proxy that is configured once can ask them all. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface GateSwitch {
  readonly port: number
  /** Where connections lead from now on; those to another port are cut. */
  readonly pointTo: (port: number) => void
  readonly close: () => Promise<void>
}

export async function startGateSwitch(target: number): Promise<GateSwitch> {
  const sockets = new Set<Socket>()
  let current = target
  const server = createServer((inner) => {
    const outer = connect(current, '127.0.0.1')
    for (const [socket, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    pointTo(port) {
      if (port === current) return
      current = port
      cut()
    },
    async close() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
