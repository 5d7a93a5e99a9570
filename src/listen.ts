/** Taking connections at an address: `host:port`, or the file of a unix socket, which outlives a process that was killed. */
import { lstat, unlink } from 'node:fs/promises'
import { connect, type Server } from 'node:net'

/** A server that takes connections. */
export interface Listening {
  /** The address as clients write it, with the port that was given. */
  readonly address: string
  /** Takes no more connections. Resolves when the last one has ended. */
  close(): Promise<void>
}

/** Makes a server take the connections of `host:port` or `unix:/path`. Rejects when it cannot have them. */
export type Listen = (server: Server, address: string) => Promise<Listening>

/** Binds the address for this process. */
export const listen: Listen = async (server, address) => {
  const socketPath = address.startsWith('unix:') ? address.slice(5) : undefined
  if (socketPath !== undefined) await removeStaleSocket(socketPath)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const listening = (): void => {
      server.off('error', reject)
      // From now on it is about one connection that could not be accepted: its client sees that, and the others go on.
      server.on('error', () => undefined)
      resolve()
    }
    const colon = address.lastIndexOf(':')
    const host = address.slice(0, colon).replace(/^\[|\]$/g, '')
    if (socketPath !== undefined) server.listen(socketPath, listening)
    else server.listen(Number(address.slice(colon + 1)), host, listening)
  })
  const bound = server.address()
  return {
    address: typeof bound === 'object' && bound !== null ? withPort(address, bound.port) : address,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
      })
    },
  }
}

/** An address with the port that was given in place of the one that was asked for. */
export function withPort(address: string, port: number): string {
  return address.replace(/:\d+$/, `:${String(port)}`)
}

/** Removes a socket file that nobody listens on any more. One that is in use makes binding fail, as it should. */
async function removeStaleSocket(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined)
  if (stats?.isSocket() !== true) return
  const isInUse = await new Promise<boolean>((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED') // Only this says that nobody listens; a full backlog does not.
    })
  })
  if (!isInUse) await unlink(path)
}
