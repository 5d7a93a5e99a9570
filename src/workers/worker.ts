/** One worker as the primary sees it. Decides nothing. */
import type { WatchClock } from '../file-watch.js'
import { Channel, type Pipe } from './channel.js'
import type { Ending, PrimaryAnswers, WorkerAnswers, WorkerFailure } from './questions.js'

/** How a process ended: by its own code or by a signal, or why it could not be started. */
export interface ProcessEnd {
  readonly code: number | null
  readonly signal: string | null
  readonly fault?: string
}

/** A process that was started. */
export interface WorkerProcess {
  readonly pid: number | undefined
  readonly pipe: Pipe
  /** Called once, when the process is gone or could not be started. */
  onEnd(listener: (end: ProcessEnd) => void): void
  /** Ends it at once. */
  kill(): void
}

/** How long a worker may take to say how long it will take. */
const answerMs = 5_000
/** What a worker may take longer to end than it said. */
const extraMs = 5_000

/** A worker and what it said of itself. */
export class Worker {
  readonly number: number
  readonly process: WorkerProcess
  readonly channel: Channel<WorkerAnswers, PrimaryAnswers>
  /** Resolves when the process is gone. */
  readonly gone: Promise<ProcessEnd>
  /** Resolves to true when it is ready for the first time, and to false when it ended before. */
  readonly firstReady: Promise<boolean>
  /** It can be asked. */
  isAttached = false
  /** Its doors are open. */
  isListening = false
  isReady = false
  /** It was told to end. */
  isEnding = false
  /** Monotonic milliseconds. */
  readyAtMs: number | undefined
  failure: WorkerFailure | undefined
  readonly #clock: WatchClock
  #settleReady: (isReady: boolean) => void = () => undefined

  constructor(number: number, process: WorkerProcess, clock: WatchClock, answers: PrimaryAnswers) {
    this.number = number
    this.process = process
    this.#clock = clock
    this.channel = new Channel<WorkerAnswers, PrimaryAnswers>(process.pipe, clock, answers)
    this.firstReady = new Promise((resolve) => (this.#settleReady = resolve))
    this.gone = new Promise((resolve) => {
      process.onEnd((end) => {
        this.isAttached = this.isListening = this.isReady = false
        this.channel.close()
        this.#settleReady(false)
        resolve(end)
      })
    })
  }

  /** It says whether it is ready. */
  saysReady(isReady: boolean, nowMs: number): void {
    this.isReady = isReady
    if (!isReady) return
    this.readyAtMs ??= nowMs
    this.#settleReady(true)
  }

  /** Tells it to end, and kills it when it takes longer than it said. Resolves when it is gone. */
  async end(how: Ending): Promise<ProcessEnd> {
    this.isEnding = true
    const boundMs = await this.channel.ask('end', how, answerMs).then(
      (ownMs) => ownMs + extraMs,
      () => 0,
    )
    const cancel = this.#clock.after(boundMs, () => {
      this.process.kill()
    })
    return await this.gone.finally(cancel)
  }
}
