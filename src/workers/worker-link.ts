/**
 * A worker's end of the line to the primary: answers its questions from the rooms of the gate, and tells it what happens.
 * Decides nothing.
 */
import type { WatchClock } from '../file-watch.js'
import type { Revocation, RevocationPage } from '../revocation/index.js'
import type { AdminServer, AdminSources, MetricFigures } from '../telemetry/index.js'
import type { Listen } from '../listen.js'
import { Channel, type Pipe } from './channel.js'
import type { Ending, PrimaryAnswers, WorkerAnswers, WorkerFailure } from './questions.js'
import { ReceivedConnections } from './received-connections.js'

/** What of revocation the primary asks for. */
interface SharedRevocation {
  take(revocation: Revocation): boolean
  pages(): ReadonlyMap<string, RevocationPage>
}

type Sources = AdminSources & { readonly figures: () => Promise<MetricFigures> }

/** Longer than the primary waits for any worker. */
const patienceMs = 5_000
/** The list of revocations may be long. */
const attachPatienceMs = 30_000

/** The line to the primary. */
export class WorkerLink {
  readonly number: number
  /** Resolves when the worker is to end. */
  readonly ending: Promise<Ending>
  readonly #channel: Channel<PrimaryAnswers, WorkerAnswers>
  readonly #connections: ReceivedConnections
  readonly #mayOpen: Promise<void>
  #sources: Sources | undefined
  #revocation: SharedRevocation | undefined
  #reload: () => void = () => undefined
  #endMs: () => number = () => 0

  constructor(number: number, pipe: Pipe, clock: WatchClock) {
    this.number = number
    let open: () => void = () => undefined
    let end: (how: Ending) => void = () => undefined
    this.#mayOpen = new Promise((resolve) => (open = resolve))
    this.ending = new Promise((resolve) => (end = resolve))
    this.#channel = new Channel<PrimaryAnswers, WorkerAnswers>(pipe, clock, {
      figures: async () => await this.#attached().figures(),
      readiness: () => this.#attached().readiness.report(),
      issuers: () => this.#attached().issuers(),
      revocations: async ({ method, authorization, body }) => {
        const page = this.#revocation?.pages().get('/revocations')
        if (page === undefined) throw new Error('revocation has no page')
        const whole = body === undefined ? undefined : Buffer.from(body)
        return await page.answer({ method, authorization, body: () => Promise.resolve(whole) })
      },
      take: (revocation) => {
        if (this.#revocation?.take(revocation) !== true) throw new Error('no room')
      },
      open,
      connection: (at, socket) => this.#connections.take(at, socket),
      reload: () => {
        this.#reload()
      },
      end: (how) => {
        open() // What waits for the doors goes on, and then ends.
        end(how)
        return this.#endMs()
      },
    })
    this.#connections = new ReceivedConnections(clock, {
      openDoor: async (at) => await this.#channel.ask('openDoor', at, patienceMs),
      closeDoor: (at) => {
        this.#channel.tell('closeDoor', at)
      },
      connectionsEnded: (left) => {
        this.#channel.tell('connectionsEnded', left)
      },
    })
  }

  /** What to do when the primary says so: read the files again, and tell how long an end may take in milliseconds. */
  uses(reload: () => void, endMs: () => number): void {
    this.#reload = reload
    this.#endMs = endMs
  }

  /** Attaches to the primary in place of opening an admin port, and takes over what is revoked. */
  async openAdmin(
    sources: Sources,
    revocation: SharedRevocation | undefined,
  ): Promise<AdminServer> {
    this.#sources = sources
    this.#revocation = revocation
    const { admin, revocations } = await this.#channel.ask('attach', undefined, attachPatienceMs)
    for (const told of revocations) revocation?.take(told)
    return { address: admin, close: () => Promise.resolve() }
  }

  /** Resolves when the doors may open. */
  async mayOpen(prepared: Promise<void>): Promise<void> {
    await Promise.race([prepared, this.#mayOpen])
  }

  /** How the server of a door gets its share of the connections. */
  listenAs(door: string): Listen {
    return this.#connections.listenAs(door)
  }

  /** Puts a revocation in force in every other worker. Rejects when one of them may not have it. */
  async tellWorkers(revocation: Revocation): Promise<void> {
    await this.#channel.ask('revoked', revocation, patienceMs)
  }

  /** The doors are open. */
  listening(): void {
    this.#tell(this.#channel.ask('listening', undefined, patienceMs))
  }

  /** The readiness has changed. */
  readyChanged(isReady: boolean): void {
    this.#tell(this.#channel.ask('ready', isReady, patienceMs))
  }

  /** These texts are a configuration that can be used. */
  loaded(texts: ReadonlyMap<string, string>): void {
    this.#tell(this.#channel.ask('loaded', texts, patienceMs))
  }

  /** The texts of the last configuration that could be used. */
  async lastGood(): Promise<ReadonlyMap<string, string>> {
    return await this.#channel.ask('lastGood', undefined, patienceMs)
  }

  /** The worker cannot start. Resolves when the primary knows, or is gone. */
  async failed(failure: WorkerFailure): Promise<void> {
    await this.#channel.ask('failed', failure, patienceMs).catch(() => undefined)
  }

  #attached(): Sources {
    if (this.#sources === undefined) throw new Error('the worker is starting')
    return this.#sources
  }

  /** A primary that is gone or busy needs to be told nothing; with it gone, this process ends too. */
  #tell(telling: Promise<unknown>): void {
    telling.catch(() => undefined)
  }
}
