/** The file of a unix socket, which outlives a process that was killed and would keep the next one from listening. */
import { lstat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'

/** Removes a socket file that nobody listens on any more. One that is in use makes binding fail, as it should. */
export async function removeStaleSocket(path: string): Promise<void> {
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
