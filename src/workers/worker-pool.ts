/**
 * Keeps a number of worker processes alive. Knows processes and nothing of what they decide.
 *
 * The rules are:
 *   - a worker that is lost is replaced at once; while they are lost again and again, after a pause that grows;
 *   - a worker opens its doors when it is ready, or when nobody is: a connection must not find one without keys;
 *   - the pool gives up when the first start fails, and when ten starts in a row failed and nobody serves any more;
 *   - in a rolling restart a worker ends when the one for its place is ready; one that does not get ready ends the
 *     restart, and nothing else;
 *   - what the admin API was told is known to every worker before anybody hears that it is in force, and to every later
 *     one before its doors open.
 */
import { RevocationList, type Revocation } from '../revocation/index.js'
import type { RestartReason, WorkerCounts } from '../telemetry/index.js'
import { CrashLoop } from './crash-loop.js'
import type { PrimaryAnswers, WorkerFailure } from './questions.js'
import { SharedDoors } from './shared-doors.js'
import { Worker, type ProcessEnd, type WorkerProcess } from './worker.js'

/** How many workers, and what they share. */
export interface WorkerPoolOptions {
  readonly wanted: number
  /** Where the one admin port is. */
  readonly admin: () => string
  /** Bounds what the admin API may revoke. */
  readonly maxRevocations: number
  /** The texts of the configuration that was loaded last; it can be used. */
  readonly texts: ReadonlyMap<string, string>
}

/** What the pool needs from outside. */
export interface WorkerPoolDependencies {
  readonly clock: {
    wallMs(): number
    monotonicMs(): number
    after(delayMs: number, callback: () => void): () => void
  }
  /** Starts a process with this number. */
  readonly fork: (number: number) => WorkerProcess
  readonly noted: (
    level: 'info' | 'warn',
    message: string,
    details: Readonly<Record<string, unknown>>,
  ) => void
  /** A worker was started in place of another one. */
  readonly restarted: (reason: RestartReason) => void
  /** A worker is gone. */
  readonly ended: (number: number) => void
}

/** How long a worker waits for its keys while nobody serves. */
const keysPatienceMs = 2_000
/** In a rolling restart: for a worker to get ready. */
const rollPatienceMs = 30_000
const takePatienceMs = 3_000
const openPatienceMs = 5_000
const failed = 1

/** The workers. */
export class WorkerPool {
  /** Resolves when there are no workers any more and none will come: to the exit code, and what to say about it. */
  readonly ended: Promise<WorkerFailure>
  readonly #options: WorkerPoolOptions
  readonly #dependencies: WorkerPoolDependencies
  readonly #workers = new Map<number, Worker>()
  readonly #told: RevocationList
  readonly #doors: SharedDoors
  readonly #pending = new Set<() => void>()
  #texts: ReadonlyMap<string, string>
  #lastNumber = 0
  readonly #crashes = new CrashLoop()
  #hasServed = false
  #isStopping = false
  #isRolling = false
  #settle: (failure: WorkerFailure) => void = () => undefined

  constructor(options: WorkerPoolOptions, dependencies: WorkerPoolDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#texts = options.texts
    this.#doors = new SharedDoors(dependencies.clock)
    this.#told = new RevocationList(options.maxRevocations)
    this.ended = new Promise((resolve) => (this.#settle = resolve))
  }

  /** Starts the workers; {@link ended} tells when that fails. */
  start(): void {
    for (let count = 0; count < this.#options.wanted; count += 1) this.#fork()
  }

  /** Those that can be asked, the ready ones first, and of these the oldest. */
  get attached(): readonly Worker[] {
    const workers = [...this.#workers.values()].filter(({ isAttached }) => isAttached)
    return workers.sort((a, b) => Number(b.isReady) - Number(a.isReady) || a.number - b.number)
  }

  /** Whether this worker is there. */
  has(number: number): boolean {
    return this.#workers.has(number)
  }

  /** How many there are, by state. */
  counts(): WorkerCounts {
    const workers = [...this.#workers.values()]
    const ending = workers.filter(({ isEnding }) => isEnding).length
    const ready = workers.filter(({ isReady, isEnding }) => isReady && !isEnding).length
    const starting = workers.length - ending - ready
    return { wanted: this.#options.wanted, ready, starting, ending }
  }

  /** Makes every worker read its files now. */
  reload(): void {
    for (const { channel } of this.attached) {
      channel.ask('reload', undefined, openPatienceMs).catch(() => undefined) // It looks by itself, every second.
    }
  }

  /** Replaces one worker after the other by a new one. Does nothing while it is doing that. */
  async restart(): Promise<void> {
    if (this.#isRolling || this.#isStopping) return
    this.#isRolling = true
    const { noted } = this.#dependencies
    const old = [...this.#workers.values()].filter(({ isEnding }) => !isEnding)
    noted('info', 'rolling restart', { workers: old.length })
    for (const worker of old) {
      if (!(await this.#replace(worker))) break
    }
    this.#isRolling = false
  }

  /** Makes every worker end as a process of its own would. Resolves when all are gone, to the exit code. */
  async shutdown(): Promise<number> {
    this.#isStopping = true
    for (const cancel of this.#pending) cancel()
    const ends = await Promise.all(
      [...this.#workers.values()].map(async (worker) => await worker.end('shutdown')),
    )
    this.#doors.closeAll()
    return ends.every(({ code }) => code === 0) ? 0 : failed
  }

  #fork(reason?: RestartReason): Worker {
    const number = ++this.#lastNumber
    const { clock, fork, restarted, ended } = this.#dependencies
    const worker: Worker = new Worker(
      number,
      fork(number),
      clock,
      this.#answers(() => worker),
    )
    this.#workers.set(number, worker)
    if (reason !== undefined) restarted(reason)
    void worker.gone.then((end) => {
      this.#workers.delete(number)
      this.#doors.lost(worker)
      ended(number)
      if (!this.#isStopping) this.#lost(worker, end)
    })
    return worker
  }

  #answers(worker: () => Worker): PrimaryAnswers {
    const { clock } = this.#dependencies
    return {
      lastGood: () => this.#texts,
      loaded: (texts) => (this.#texts = texts),
      attach: () => {
        // In one go, so that a revocation is among these or is told to the worker.
        worker().isAttached = true
        clock.after(keysPatienceMs, () => {
          this.#openWhenNobodyServes()
        })
        return {
          admin: this.#options.admin(),
          revocations: this.#told.entries(clock.wallMs()),
        }
      },
      ...this.#doors.answers(worker),
      listening: () => {
        worker().isListening = true
        this.#hasServed = true
      },
      ready: (isReady) => {
        worker().saysReady(isReady, clock.monotonicMs())
        if (!isReady) this.#openWhenNobodyServes()
      },
      revoked: async (revocation) => {
        await this.#tell(revocation, worker())
      },
      failed: (failure) => (worker().failure = failure),
    }
  }

  async #tell(revocation: Revocation, from: Worker): Promise<void> {
    const addition = this.#told.add(revocation, this.#dependencies.clock.wallMs())
    if (addition === 'full') throw new Error('the list is full')
    const others = this.attached.filter((worker) => worker !== from)
    await Promise.all(
      others.map(async (worker) => {
        await worker.channel.ask('take', revocation, takePatienceMs).catch((fault: unknown) => {
          // One that is gone refuses and allows nothing; the next one is told at its start.
          if (this.#workers.get(worker.number)?.isAttached === true) throw fault
        })
      }),
    )
  }

  /** Without keys it is better to say 503 than not to be there, which some proxies take for an allow. */
  #openWhenNobodyServes(): void {
    const workers = this.attached
    if (workers.some(({ isReady }) => isReady)) return
    for (const { channel } of workers.filter(({ isListening }) => !isListening)) {
      channel.ask('open', undefined, openPatienceMs).catch(() => undefined) // It is gone, or will get ready.
    }
  }

  #lost(worker: Worker, end: ProcessEnd): void {
    if (worker.isEnding) return
    const { clock, noted } = this.#dependencies
    const { number, readyAtMs, failure, process } = worker
    if (!this.#hasServed) {
      this.#giveUp(failure ?? { lines: ['scopegate: a worker ended'], exitCode: failed })
      return
    }
    this.#crashes.lost(readyAtMs, clock.monotonicMs())
    const problems = failure === undefined ? {} : { problems: failure.lines }
    noted('warn', 'a worker is lost', { lost: number, pid: process.pid, ...end, ...problems })
    const isServed = [...this.#workers.values()].some(({ isListening }) => isListening)
    if (this.#crashes.isHopeless && !isServed) {
      const lines = [...(failure?.lines ?? []), CrashLoop.giveUpLine]
      this.#giveUp({ lines, exitCode: failed })
      return
    }
    this.#fill()
    this.#openWhenNobodyServes()
  }

  /** Starts what is missing, after a pause when the last ones did not live long. */
  #fill(): void {
    if (this.#isStopping) return
    const alive = [...this.#workers.values()].filter(({ isEnding }) => !isEnding).length
    const pause = this.#crashes.pauseMs
    for (let at = alive + this.#pending.size; at < this.#options.wanted; at += 1) {
      if (pause === 0) {
        this.#fork('crash')
        continue
      }
      const cancel = this.#dependencies.clock.after(pause, () => {
        this.#pending.delete(cancel)
        this.#fork('crash')
      })
      this.#pending.add(cancel)
    }
  }

  #giveUp(failure: WorkerFailure): void {
    this.#isStopping = true
    for (const cancel of this.#pending) cancel()
    const left = [...this.#workers.values()]
    for (const { process } of left) process.kill()
    void Promise.all(left.map(async ({ gone }) => await gone)).then(() => {
      this.#doors.closeAll()
      this.#settle(failure)
    })
  }

  /** Starts a worker in place of another one, and ends that one. False when the new one did not get ready. */
  async #replace(old: Worker): Promise<boolean> {
    const { clock, noted } = this.#dependencies
    if (this.#isStopping) return false
    if (!this.#workers.has(old.number)) return true // It was lost, and is replaced already.
    const next = this.#fork('rolling')
    let cancel: () => void = () => undefined
    const late = new Promise<boolean>((resolve) => {
      cancel = clock.after(rollPatienceMs, () => {
        resolve(false)
      })
    })
    const isReady = await Promise.race([next.firstReady, late])
    cancel()
    if (!isReady) {
      next.isEnding = true
      next.process.kill()
      const problems = next.failure === undefined ? {} : { problems: next.failure.lines }
      noted('warn', 'rolling restart ended early: the new worker did not get ready', {
        new: next.number,
        ...problems,
      })
      return false
    }
    await old.end('retire')
    this.#fill()
    return true
  }
}
