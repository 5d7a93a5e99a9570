/** Worker processes that are none: both ends of their pipes are in the test. */
import type { Socket } from 'node:net'
import { Channel, type Pipe } from '../../src/workers/channel.js'
import type { PrimaryAnswers, Taking, WorkerAnswers } from '../../src/workers/questions.js'
import type { ProcessEnd, WorkerProcess } from '../../src/workers/worker.js'
import { createFakeClock } from './fake-clock.js'

/** Two ends of a pipe. What is sent arrives a moment later, copied. */
export function linkedPipes(): [Pipe, Pipe] {
  const listeners: ((message: unknown, socket?: Socket) => void)[][] = [[], []]
  const end = (own: 0 | 1): Pipe => ({
    send(message, socket) {
      const copy: unknown = structuredClone(message)
      queueMicrotask(() => {
        for (const listener of listeners[1 - own] ?? []) listener(copy, socket)
      })
    },
    onMessage(listener) {
      listeners[own]?.push(listener)
    },
  })
  return [end(0), end(1)]
}

/** A worker of the test's making. */
export interface FakeWorker {
  readonly number: number
  /** To ask the primary. */
  readonly channel: Channel<PrimaryAnswers, WorkerAnswers>
  /** What the primary asked, in order. */
  readonly asked: string[]
  readonly taken: unknown[]
  /** The connections that it got, in order. */
  readonly connections: Socket[]
  /** How many of them it says that it has. */
  open: number
  /** What it says to a connection; it may think about it. */
  says: (socket: Socket | undefined) => Taking['is'] | Promise<Taking['is']>
  /** Ends as if by itself. */
  end(end?: Partial<ProcessEnd>): void
  isGone: boolean
  /** Does not end when it is told to. */
  isStubborn: boolean
}

/** Starts no processes, and remembers all of them. A worker that is told to end does so with 0. */
export function createFakeWorkers(): {
  readonly all: FakeWorker[]
  readonly fork: (number: number) => WorkerProcess
} {
  const all: FakeWorker[] = []
  return {
    all,
    fork(number) {
      const [ours, theirs] = linkedPipes()
      const listeners: ((end: ProcessEnd) => void)[] = []
      const asked: string[] = []
      const taken: unknown[] = []
      const note = (name: string): void => void asked.push(name)
      const worker: FakeWorker = {
        number,
        asked,
        taken,
        connections: [],
        open: 0,
        says: () => 'taken',
        isGone: false,
        isStubborn: false,
        end({ code = null, signal = null } = {}) {
          if (worker.isGone) return
          worker.isGone = true
          for (const listener of listeners) listener({ code, signal })
        },
        channel: new Channel<PrimaryAnswers, WorkerAnswers>(theirs, createFakeClock(), {
          figures: async () => [],
          readiness: () => ({ ready: true, components: { 'issuer:main': { ready: true } } }),
          issuers: () => [{ id: `of worker ${String(number)}` }],
          revocations: async ({ method }) => ({
            status: 201,
            headers: {},
            body: { method, number },
          }),
          take: (revocation) => void taken.push(revocation),
          open: () => {
            note('open')
          },
          connection: async (_at, socket) => {
            if (socket !== undefined) worker.connections.push(socket)
            const is = await worker.says(socket)
            if (is === 'taken') worker.open += 1
            return { is, open: worker.open }
          },
          reload: () => {
            note('reload')
          },
          end: (how) => {
            note(how)
            queueMicrotask(() => {
              if (!worker.isStubborn) worker.end({ code: 0 })
            })
            return 1_000
          },
        }),
      }
      all.push(worker)
      return {
        pid: number,
        pipe: ours,
        onEnd(listener) {
          listeners.push(listener)
        },
        kill() {
          worker.end({ signal: 'SIGKILL' })
        },
      }
    },
  }
}
