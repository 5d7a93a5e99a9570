/**
 * Frames on their way to the socket.
 *
 * The rules are:
 *   - what one read has caused leaves in one write, and so does what one turn of the event loop has;
 *   - a peer that does not take what it is sent is not read either, so that nobody can fill our memory by asking.
 */
import type { Duplex } from 'node:stream'

/** How much may wait for a peer before it is read no more. */
const maxWaitingBytes = 1_048_576

/** The sending side of a connection. */
export class Output {
  readonly #socket: Duplex
  #frames: Buffer[] = []
  #isHeld = false
  #isScheduled = false

  constructor(socket: Duplex) {
    this.#socket = socket
    socket.on('drain', () => {
      socket.resume()
    })
  }

  /** Sends frames, at the end of this turn, or when what is held is released. */
  write(frames: Buffer): void {
    this.#frames.push(frames)
    if (this.#isHeld || this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.flush()
    })
  }

  /** Holds what is written from now on. */
  hold(): void {
    this.#isHeld = true
  }

  /** Sends what was held. */
  release(): void {
    this.#isHeld = false
    this.flush()
  }

  /** Sends what is there, now. */
  flush(): void {
    const frames = this.#frames
    const [first] = frames
    if (first === undefined) return
    this.#frames = []
    if (!this.#socket.writable) return // Nobody is there to read it.
    this.#socket.write(frames.length === 1 ? first : Buffer.concat(frames))
    if (this.#socket.writableLength > maxWaitingBytes) this.#socket.pause()
  }
}
