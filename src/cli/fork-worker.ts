/**
 * Worker processes of node:cluster: the same program with the same arguments, told by its environment that it is a worker.
 *
 * The rules are:
 *   - the primary accepts connections and hands them out in turn, whatever the environment says; none is lost with a worker;
 *   - a worker whose primary is gone ends at once, which is how Node has it: it could not get another connection.
 */
import cluster, { type Worker as ClusterWorker } from 'node:cluster'
import type { Pipe, WorkerProcess } from '../workers/index.js'
import { rescueConnections } from './lost-connections.js'

const numberVariable = 'SCOPEGATE_WORKER'

/** The number of this process among the workers of a gate, and its line to the primary; undefined when it is none. */
export function workerPlace(): { readonly number: number; readonly pipe: Pipe } | undefined {
  const number = process.env[numberVariable]
  // Another program may run scopegate in a cluster of its own; that primary would not know what a worker asks.
  if (!cluster.isWorker || number === undefined) return undefined
  const pipe: Pipe = {
    send(message) {
      // To the callback goes what is wrong; a primary that is gone ends this process by itself.
      process.send?.(message, undefined, undefined, () => undefined)
    },
    onMessage(listener) {
      process.on('message', listener)
    },
  }
  return { number: Number(number), pipe }
}

/** Gives what starts a worker. To be called once. */
export function createFork(): (number: number) => WorkerProcess {
  cluster.schedulingPolicy = cluster.SCHED_RR
  // Structured clones: what is undefined or infinite arrives as it was.
  cluster.setupPrimary({ serialization: 'advanced' })
  return (number) => {
    const worker = cluster.fork({ [numberVariable]: String(number) })
    rescueConnections(worker)
    return asWorkerProcess(worker)
  }
}

function asWorkerProcess(worker: ClusterWorker): WorkerProcess {
  // A process that is gone cannot be told anything, and says so as an event.
  worker.on('error', () => undefined)
  const { pid } = worker.process
  return {
    pid,
    pipe: {
      send(message) {
        if (worker.isConnected()) worker.send(message as object, () => undefined)
      },
      onMessage(listener) {
        worker.on('message', listener)
      },
    },
    onEnd(listener) {
      worker.once('exit', (code, signal) => {
        listener({ code, signal })
      })
      // One that could not be started, because there are too many processes or no memory, never ends.
      if (pid === undefined) {
        worker.once('error', () => {
          listener({ code: null, signal: null })
        })
      }
    },
    kill() {
      worker.process.kill('SIGKILL')
    },
  }
}
