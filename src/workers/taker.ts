/**
 * A worker whose door is open, as the primary sees it: what it was given, and what became of that.
 *
 * The rules are:
 *   - one connection is on its way at a time, the others wait here: those can go to another worker, since nobody has them;
 *   - none is given away a second time unless it is certain that this worker does not have it: two would read from it;
 *   - of one that is lost on its way, because the worker has no file descriptor for it, nobody is told. Questions arrive in order:
 *     when a later one is answered, it is certain.
 */
import type { Socket } from 'node:net'
import type { DoorAddress, Taking } from './questions.js'
import type { Worker } from './worker.js'

/** What a taker needs. */
export interface TakerDependencies {
  /** Milliseconds. */
  readonly clock: { after(delayMs: number, callback: () => void): () => void }
  /** These are for another worker. */
  readonly onBack: (sockets: readonly Socket[]) => void
  /** It takes no more connections at this door, and is to give back its queue. */
  readonly onClosed: () => void
  /** It is not slow any more. */
  readonly onPrompt: () => void
}

/** For a worker to take a connection. The copy of the primary is of no use after that: the worker may have it. */
const takePatienceMs = 10_000
/** A worker that has left a connection lie for so long is busy with something else. */
const promptMs = 250
/** For a worker without file descriptors to get some. */
const restMs = 1_000

/** A worker and its connections of one door. */
export class Taker {
  readonly worker: Worker
  readonly #at: DoorAddress
  readonly #dependencies: TakerDependencies
  readonly #queue: Socket[] = []
  #sending: { readonly socket: Socket } | undefined
  /** How many connections of this door it has, as it said last. */
  #open = 0
  #isSlow = false

  constructor(worker: Worker, at: DoorAddress, dependencies: TakerDependencies) {
    this.worker = worker
    this.#at = at
    this.#dependencies = dependencies
  }

  /** It does not answer, or could not get a connection. */
  get isSlow(): boolean {
    return this.#isSlow
  }

  /** How many connections it has, with those that it is about to have. */
  get load(): number {
    return this.#open + this.#queue.length + (this.#sending === undefined ? 0 : 1)
  }

  /** It says how many it has. */
  has(open: number): void {
    this.#open = open
  }

  /** Hands a connection to it, now or when it has taken those before. */
  give(socket: Socket): void {
    this.#queue.push(socket)
    this.#sendNext()
  }

  /** Gives back what it certainly does not have. */
  giveBackQueue(): void {
    this.#dependencies.onBack(this.#queue.splice(0))
  }

  #sendNext(): void {
    if (this.#sending !== undefined) return
    const socket = this.#queue.shift()
    if (socket !== undefined) void this.#send({ socket })
  }

  async #send(sending: { readonly socket: Socket }): Promise<void> {
    const { clock, onBack, onClosed } = this.#dependencies
    this.#sending = sending
    const cancel = clock.after(promptMs, () => void this.#isLate(sending))
    const answer = await this.#ask(sending.socket)
    cancel()
    if (this.#sending !== sending) return // It was lost, and is with another worker.
    this.#sending = undefined
    if (answer === undefined ? this.worker.channel.isClosed : answer.is === 'closed') {
      onClosed()
      onBack([sending.socket])
      return
    }
    sending.socket.destroy() // This copy of it.
    if (answer !== undefined) {
      this.#open = answer.open
      this.#becomesPrompt()
    }
    this.#sendNext()
  }

  async #isLate(sending: { readonly socket: Socket }): Promise<void> {
    const { clock, onBack } = this.#dependencies
    this.#isSlow = true
    this.giveBackQueue()
    let later: Taking | undefined
    while (later === undefined && !this.worker.channel.isClosed) later = await this.#ask()
    if (later === undefined) return
    this.#open = later.open
    if (this.#sending === undefined) this.#becomesPrompt() // It may have been too late for its answer, but it is back.
    if (this.#sending !== sending) return
    this.#sending = undefined
    clock.after(restMs, () => {
      this.#becomesPrompt()
    })
    onBack([sending.socket])
  }

  /** Hands it a connection, or asks only how many it has. Resolves to undefined when it is gone, or says nothing in time. */
  async #ask(socket?: Socket): Promise<Taking | undefined> {
    return await this.worker.channel
      .ask('connection', this.#at, takePatienceMs, socket)
      .catch(() => undefined)
  }

  #becomesPrompt(): void {
    if (!this.#isSlow) return
    this.#isSlow = false
    this.#dependencies.onPrompt()
  }
}
