/** Ports for processes that cannot be told "any". Between the answer and the use somebody else could take one. */
import { createServer, type AddressInfo } from 'node:net'

/** Different ports on which nobody listens at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(
    servers.map(async (server) => await new Promise((resolve) => server.close(resolve))),
  )
  return ports
}
