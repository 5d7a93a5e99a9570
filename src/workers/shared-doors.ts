/**
 * The doors of a gate of several workers: the primary accepts the connections and hands each to one worker.
 *
 * The rules are:
 *   - a connection goes to the worker that has the fewest of this door, and among equals to whose turn it is, however many
 *     come at once: proxies keep theirs, so an uneven share is one for hours;
 *   - a worker that does not answer gets none;
 *   - none is lost with a worker: the primary keeps its copy until the worker says that it has the connection, and hands it
 *     to another one when it is gone before;
 *   - while no worker answers, because all are lost or busy, some wait a little for the next one;
 *   - the address is given back when the last worker has closed its door, not when it is lost.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { listen, type Listening } from '../listen.js'
import type { DoorAddress, PrimaryAnswers, SharedDoorFacts } from './questions.js'
import { keyOf } from './received-connections.js'
import { Taker, type TakerDependencies } from './taker.js'
import type { Worker } from './worker.js'

type DoorAnswers = Pick<PrimaryAnswers, 'openDoor' | 'closeDoor' | 'connectionsEnded'>
type Clock = TakerDependencies['clock']

/** A new worker is there in less. */
const noTakerPatienceMs = 10_000
/**
 * Of a door, that no worker has yet: waiting or on their way. Less than half of the 1,024 file descriptors that a process often
 * has, since one that has none left can start no worker.
 */
const maxUntaken = 400
/** What TLS of Node asks for. */
const ticketKeyBytes = 48

/** All doors. */
export class SharedDoors {
  readonly #clock: Clock
  readonly #doors = new Map<string, SharedDoor>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What a worker asks about its doors. */
  answers(worker: () => Worker): DoorAnswers {
    return {
      openDoor: async (at) => await this.#open(at, worker()),
      closeDoor: (at) => {
        const door = this.#doors.get(keyOf(at))
        if (door?.remove(worker()) !== 0) return
        this.#doors.delete(keyOf(at))
        door.close()
      },
      connectionsEnded: (left) => this.#doors.get(keyOf(left))?.ended(worker(), left.open),
    }
  }

  /** A worker is gone, without a word. */
  lost(worker: Worker): void {
    for (const door of this.#doors.values()) door.remove(worker)
  }

  /** Gives all addresses back. */
  closeAll(): void {
    for (const door of this.#doors.values()) door.close()
    this.#doors.clear()
  }

  async #open(at: DoorAddress, worker: Worker): Promise<SharedDoorFacts> {
    const key = keyOf(at)
    const door = this.#doors.get(key) ?? new SharedDoor(at, this.#clock)
    this.#doors.set(key, door)
    try {
      const { address } = await door.listening
      if (this.#doors.get(key) !== door) return await this.#open(at, worker) // The last one has just closed it.
      door.add(worker)
      return { address, ticketKeys: door.ticketKeys }
    } catch (fault) {
      if (this.#doors.get(key) === door) this.#doors.delete(key) // The next one may try again.
      throw fault
    }
  }
}

class SharedDoor {
  readonly listening: Promise<Listening>
  readonly ticketKeys = randomBytes(ticketKeyBytes)
  readonly #at: DoorAddress
  readonly #clock: Clock
  /** With what ends their waiting. */
  readonly #waiting = new Map<Socket, () => void>()
  /** Whose turn is next comes first. */
  #takers: Taker[] = []
  #isClosed = false

  constructor(at: DoorAddress, clock: Clock) {
    this.#at = at
    this.#clock = clock
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      socket.on('error', () => undefined)
      this.#hand(socket)
    })
    server.maxConnections = maxUntaken // Of the copies in this process.
    this.listening = listen(server, at.address)
  }

  add(worker: Worker): void {
    if (worker.channel.isClosed) return
    const taker: Taker = new Taker(worker, this.#at, {
      clock: this.#clock,
      onBack: (sockets) => {
        for (const socket of sockets) this.#hand(socket)
      },
      onClosed: () => this.remove(worker),
      onPrompt: () => {
        this.#handWaiting()
      },
    })
    this.#takers.push(taker)
    this.#handWaiting()
  }

  /** Answers with how many workers are left. */
  remove(worker: Worker): number {
    const taker = this.#takerOf(worker)
    this.#takers = this.#takers.filter((one) => one !== taker)
    taker?.giveBackQueue()
    return this.#takers.length
  }

  ended(worker: Worker, open: number): void {
    this.#takerOf(worker)?.has(open)
  }

  close(): void {
    this.#isClosed = true
    void this.listening.then(
      async (listening) => {
        await listening.close()
      },
      () => undefined, // Whoever asked for it was told.
    )
    this.#handWaiting()
  }

  #takerOf(worker: Worker): Taker | undefined {
    return this.#takers.find((taker) => taker.worker === worker)
  }

  #hand(socket: Socket): void {
    const taker = this.#next()
    if (this.#isClosed) socket.destroy()
    else if (taker === undefined) this.#keepWaiting(socket)
    else taker.give(socket)
  }

  #next(): Taker | undefined {
    let chosen: Taker | undefined
    for (const taker of this.#takers) {
      if (!taker.isSlow && (chosen === undefined || taker.load < chosen.load)) chosen = taker
    }
    if (chosen !== undefined) {
      this.#takers = [...this.#takers.filter((taker) => taker !== chosen), chosen]
    }
    return chosen
  }

  #keepWaiting(socket: Socket): void {
    const cancel = this.#clock.after(noTakerPatienceMs, () => {
      this.#waiting.delete(socket)
      socket.destroy()
    })
    this.#waiting.set(socket, cancel)
  }

  #handWaiting(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const [socket, cancel] of waiting) {
      cancel()
      this.#hand(socket)
    }
  }
}
