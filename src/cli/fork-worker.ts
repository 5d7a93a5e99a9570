/**
 * Worker processes: the same program with the same arguments, told by its environment that it is a worker.
 *
 * A worker whose primary is gone ends at once: it could not get another connection.
 */
import { fork, type ChildProcess } from 'node:child_process'
import type { Pipe, WorkerProcess } from '../workers/index.js'

const numberVariable = 'SCOPEGATE_WORKER'

/** The number of this process among the workers of a gate, and its line to the primary; undefined when it is none. */
export function workerPlace(): { readonly number: number; readonly pipe: Pipe } | undefined {
  const number = process.env[numberVariable]
  // Without a line to whoever started it, a process is no worker, whatever its environment says.
  if (process.send === undefined || number === undefined) return undefined
  process.on('disconnect', () => {
    process.exit()
  })
  const pipe: Pipe = {
    send(message) {
      // To the callback goes what is wrong; a primary that is gone ends this process by itself.
      process.send?.(message, undefined, undefined, () => undefined)
    },
    onMessage(listener) {
      process.on('message', (message, handle) => {
        listener(message, handle as Parameters<typeof listener>[1])
      })
    },
  }
  return { number: Number(number), pipe }
}

/** Starts a worker with this number. */
export function forkWorker(number: number): WorkerProcess {
  const [, program = '', ...args] = process.argv
  const child = fork(program, args, {
    env: { ...process.env, [numberVariable]: String(number) },
    // Structured clones: what is undefined or infinite arrives as it was.
    serialization: 'advanced',
  })
  return asWorkerProcess(child)
}

function asWorkerProcess(child: ChildProcess): WorkerProcess {
  // A process that is gone cannot be told anything, and says so as an event.
  child.on('error', () => undefined)
  const { pid } = child
  return {
    pid,
    pipe: {
      send(message, socket) {
        // Kept open here, too: who sends it says when the other end has it.
        const options = socket === undefined ? undefined : { keepOpen: true }
        if (child.connected) child.send(message as object, socket, options, () => undefined)
      },
      onMessage(listener) {
        child.on('message', (message) => {
          listener(message)
        })
      },
    },
    onEnd(listener) {
      // Not "exit": what it said last may still be on its way.
      child.once('close', (code, signal) => {
        listener({ code, signal })
      })
      // One that could not be started, because there are too many processes or no memory, never ends.
      if (pid === undefined) {
        child.once('error', ({ message }) => {
          listener({ code: null, signal: null, fault: message })
        })
      }
    },
    kill() {
      child.kill('SIGKILL')
    },
  }
}
