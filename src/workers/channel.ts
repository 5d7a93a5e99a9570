/**
 * Questions and answers between the primary process and a worker.
 *
 * The rules are:
 *   - both run the same program, so what arrives has the form that was sent;
 *   - order is kept: of two questions the first is begun first;
 *   - who asks has its answer in bounded time, or a rejection; one for every question when the other end is gone.
 */
import type { Socket } from 'node:net'
import type { WatchClock } from '../file-watch.js'

/** What carries messages from one process to the other. */
export interface Pipe {
  /** Never throws; a message to a process that is gone is lost. With a socket the other end gets its connection, too. */
  send(message: unknown, socket?: Socket): void
  /** A connection that could not be sent is missing; one that could not be received is lost with its message. */
  onMessage(listener: (message: unknown, socket?: Socket) => void): void
}

/** What can be asked, by name. Every function takes one value, or none, and perhaps a connection. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one value differs from name to name.
export type Answers<Of> = { readonly [Name in keyof Of]: (value: any, socket?: Socket) => unknown }

type Asked<F> = F extends (value: infer Value, socket?: Socket) => unknown ? Value : never
type Answered<F> = F extends (...values: never) => infer Answer ? Awaited<Answer> : never

interface Message {
  /** Of a question that wants no answer it is 0. */
  readonly id: number
  readonly ask?: string
  readonly value?: unknown
  readonly fault?: string
}

/** One end: it asks `Theirs` and answers `Ours`. */
export class Channel<Theirs extends Answers<Theirs>, Ours extends Answers<Ours>> {
  readonly #pipe: Pipe
  readonly #clock: WatchClock
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (fault: Error) => void }
  >()
  #lastId = 0
  #isClosed = false

  constructor(pipe: Pipe, clock: WatchClock, answers: Ours) {
    this.#pipe = pipe
    this.#clock = clock
    pipe.onMessage((message, socket) => {
      void this.#take(message as Message, answers, socket)
    })
  }

  /** The other process is gone. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Asks the other end. Rejects with its fault, when it is gone, and when the time is over. */
  async ask<Name extends keyof Theirs & string>(
    name: Name,
    value: Asked<Theirs[Name]>,
    patienceMs: number,
    socket?: Socket,
  ): Promise<Answered<Theirs[Name]>> {
    if (this.#isClosed) throw new Error('the other process is gone')
    const id = ++this.#lastId
    const answer = await new Promise<unknown>((resolve, reject) => {
      const cancel = this.#clock.after(patienceMs, () => {
        this.#waiting.delete(id)
        reject(new Error('the other process does not answer'))
      })
      this.#waiting.set(id, {
        resolve: (given) => {
          cancel()
          resolve(given)
        },
        reject: (fault) => {
          cancel()
          reject(fault)
        },
      })
      this.#pipe.send({ id, ask: name, value }, socket)
    })
    return answer as Answered<Theirs[Name]>
  }

  /** Tells the other end, which answers nothing and must not fail. */
  tell<Name extends keyof Theirs & string>(name: Name, value: Asked<Theirs[Name]>): void {
    this.#pipe.send({ id: 0, ask: name, value })
  }

  /** The other process is gone: nobody is kept waiting for it. */
  close(): void {
    this.#isClosed = true
    for (const { reject } of this.#waiting.values()) reject(new Error('the other process is gone'))
    this.#waiting.clear()
  }

  async #take(
    { id, ask, value, fault }: Message,
    answers: Ours,
    socket: Socket | undefined,
  ): Promise<void> {
    if (ask === undefined) {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (fault === undefined) waiting?.resolve(value)
      else waiting?.reject(new Error(fault))
      return
    }
    try {
      const answer = answers[ask as keyof Ours]
      const answered = answer(value, socket)
      if (id !== 0) this.#pipe.send({ id, value: await answered })
    } catch (error) {
      this.#pipe.send({ id, fault: error instanceof Error ? error.message : String(error) })
    }
  }
}
