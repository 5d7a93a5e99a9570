/**
 * The doors of a gate of several workers: the primary accepts the connections and hands each to one worker.
 *
 * The rules are:
 *   - a connection goes to the worker that has the fewest of this door, and among equals to whose turn it is, however many
 *     come at once: proxies keep theirs, so an uneven share is one for hours;
 *   - a worker that does not answer is passed over while others do;
 *   - none is lost with a worker: the primary keeps its copy until the worker says that it has the connection, and hands it
 *     to another one when it is gone before;
 *   - while nobody takes connections, because all are lost, some wait a little for the next worker;
 *   - the address is given back when the last worker has closed its door, not when it is lost.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { listen, type Listening } from '../listen.js'
import type { DoorAddress, PrimaryAnswers, SharedDoorFacts } from './questions.js'
import { keyOf } from './received-connections.js'
import type { Worker } from './worker.js'

/** Time, in milliseconds. */
interface Clock {
  monotonicMs(): number
  after(delayMs: number, callback: () => void): () => void
}

type DoorAnswers = Pick<PrimaryAnswers, 'openDoor' | 'closeDoor' | 'connectionsEnded'>

/** A worker whose door is open. */
interface Taker {
  readonly worker: Worker
  /** How many connections of this door it has, as it said last. */
  open: number
  /** Since when each of those on their way is, in monotonic milliseconds; the oldest first. */
  readonly onTheirWay: Map<Socket, number>
}

/** For a worker to take a connection. The copy of the primary is of no use after that; the worker may have it, or take it yet. */
const takePatienceMs = 10_000
/** A worker that has left a connection lie for so long is busy with something else. */
const promptMs = 250
/** A new worker is there in less. */
const noTakerPatienceMs = 10_000
const maxWaiting = 1_024
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
  readonly #waiting = new Set<Socket>()
  /** Whose turn is next comes first. */
  #takers: Taker[] = []

  constructor(at: DoorAddress, clock: Clock) {
    this.#at = at
    this.#clock = clock
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      socket.on('error', () => undefined)
      this.#hand(socket)
    })
    this.listening = listen(server, at.address)
  }

  add(worker: Worker): void {
    if (worker.channel.isClosed) return
    this.#takers.push({ worker, open: 0, onTheirWay: new Map() })
    for (const socket of this.#waiting) this.#hand(socket)
    this.#waiting.clear()
  }

  /** Answers with how many workers are left. */
  remove(worker: Worker): number {
    this.#takers = this.#takers.filter((taker) => taker.worker !== worker)
    return this.#takers.length
  }

  ended(worker: Worker, open: number): void {
    const taker = this.#takers.find((one) => one.worker === worker)
    if (taker !== undefined) taker.open = open
  }

  close(): void {
    void this.listening.then(
      async (listening) => {
        await listening.close()
      },
      () => undefined, // Whoever asked for it was told.
    )
    for (const socket of this.#waiting) socket.destroy()
    this.#waiting.clear()
  }

  #hand(socket: Socket): void {
    const taker = this.#next()
    if (taker === undefined) this.#keepWaiting(socket)
    else void this.#give(socket, taker)
  }

  async #give(socket: Socket, taker: Taker): Promise<void> {
    const { worker, onTheirWay } = taker
    onTheirWay.set(socket, this.#clock.monotonicMs())
    const answer = await worker.channel
      .ask('connection', this.#at, takePatienceMs, socket)
      .catch(() => undefined)
    onTheirWay.delete(socket)
    taker.open = answer?.open ?? taker.open
    const isClosed = answer === undefined ? worker.channel.isClosed : answer.is === 'closed'
    if (isClosed) {
      this.remove(worker)
      this.#hand(socket)
    } else socket.destroy() // This copy of it.
  }

  #next(): Taker | undefined {
    const now = this.#clock.monotonicMs()
    const prompt = this.#takers.filter(({ onTheirWay }) => {
      const [oldest = now] = onTheirWay.values()
      return now - oldest < promptMs
    })
    let chosen: Taker | undefined
    for (const taker of prompt.length > 0 ? prompt : this.#takers) {
      if (chosen === undefined || load(taker) < load(chosen)) chosen = taker
    }
    if (chosen !== undefined) {
      this.#takers = [...this.#takers.filter((taker) => taker !== chosen), chosen]
    }
    return chosen
  }

  #keepWaiting(socket: Socket): void {
    if (this.#waiting.size >= maxWaiting) {
      socket.destroy()
      return
    }
    this.#waiting.add(socket)
    this.#clock.after(noTakerPatienceMs, () => {
      if (this.#waiting.delete(socket)) socket.destroy()
    })
  }
}

function load({ open, onTheirWay }: Taker): number {
  return open + onTheirWay.size
}
