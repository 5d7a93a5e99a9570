/**
 * A worker's doors, whose connections the primary hands to it.
 *
 * The rules are:
 *   - a server has them as if it had accepted them itself: its bound on their number counts, and closing waits for their end;
 *   - a connection that comes when the door is closed already is given back.
 */
import type { Server, Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { WatchClock } from '../file-watch.js'
import type { Listen } from '../listen.js'
import type { DoorAddress, PrimaryAnswers, SharedDoorFacts, Taking } from './questions.js'

type Primary = Pick<PrimaryAnswers, 'openDoor' | 'closeDoor' | 'connectionsEnded'>

interface OpenDoor {
  readonly server: Server
  readonly sockets: Set<Socket>
  /** The primary is about to hear that there are fewer. */
  isToTell: boolean
}

/** What ends in so many milliseconds is told in one message: clients may connect for each request. */
const tellAfterMs = 20

/** The doors of a worker. */
export class ReceivedConnections {
  readonly #clock: WatchClock
  readonly #primary: Primary
  readonly #doors = new Map<string, OpenDoor>()

  constructor(clock: WatchClock, primary: Primary) {
    this.#clock = clock
    this.#primary = primary
  }

  /** How a server gets the connections of this door. */
  listenAs(door: string): Listen {
    return async (server, address) => {
      const at = { door, address }
      const sockets = new Set<Socket>()
      // Before the primary is asked: the first connection may be here as soon as its answer is.
      this.#doors.set(keyOf(at), { server, sockets, isToTell: false })
      // Node's servers for HTTP look for requests that take too long from this event on.
      server.emit('listening')
      let facts: SharedDoorFacts
      try {
        facts = await this.#primary.openDoor(at)
      } catch (fault) {
        this.#doors.delete(keyOf(at))
        server.close()
        throw fault
      }
      if (server instanceof TlsServer) server.setTicketKeys(Buffer.from(facts.ticketKeys))
      return {
        address: facts.address,
        close: async () => {
          this.#doors.delete(keyOf(at))
          this.#primary.closeDoor(at)
          server.close()
          await Promise.all([...sockets].map(ended))
        },
      }
    }
  }

  /** Gives a connection to the server of its door. */
  take(at: DoorAddress, socket: Socket | undefined): Taking {
    const door = this.#doors.get(keyOf(at))
    if (door === undefined) {
      socket?.destroy() // The primary has its own copy.
      return { is: 'closed', open: 0 }
    }
    const { server, sockets } = door
    if (socket === undefined || isFull(server, sockets.size)) {
      socket?.destroy()
      return { is: 'refused', open: sockets.size }
    }
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      this.#tellSoon(at, door)
    })
    server.emit('connection', socket)
    return { is: 'taken', open: sockets.size }
  }

  #tellSoon(at: DoorAddress, door: OpenDoor): void {
    if (door.isToTell) return
    door.isToTell = true
    this.#clock.after(tellAfterMs, () => {
      door.isToTell = false
      this.#primary.connectionsEnded({ ...at, open: door.sockets.size })
    })
  }
}

/** What tells doors apart, in the primary and in a worker. */
export function keyOf({ door, address }: DoorAddress): string {
  return `${door} ${address}`
}

function isFull({ maxConnections }: Server, count: number): boolean {
  return maxConnections > 0 && count >= maxConnections
}

async function ended(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.once('close', () => {
      resolve()
    })
  })
}
