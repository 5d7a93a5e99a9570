/**
 * Ports for processes that cannot be told "any", or that must come back where they were.
 *
 * The rules are:
 *   - they lie below those that systems give out by themselves (from 32768 on Linux), so that no connection and no server
 *     of a test beside takes one between the answer and the use;
 *   - each is tried before it is given, and given once; where the search begins is chance, so that test runs that go on
 *     at the same time do not meet.
 */
import { createServer } from 'node:net'

const lowest = 16_384
const count = 16_384
let next = Math.floor(Math.random() * count)

/** Different ports on which nobody listens at the moment. Throws when there are not so many. */
export async function freePorts(wanted: number): Promise<number[]> {
  const ports: number[] = []
  for (let tried = 0; ports.length < wanted; tried += 1) {
    if (tried === count) throw new Error('every port is in use')
    const port = lowest + next
    next = (next + 1) % count
    if (await isFree(port)) ports.push(port)
  }
  return ports
}

/** Whether one can listen there. */
async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => {
      resolve(false)
    })
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true)
      })
    })
  })
}
