/** The servers of one set of scenarios: started one by one, asked once whether they answer as they should, ended together. */
import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { callOnce } from './check-call.mjs'
import { startServer } from './processes.mjs'

/** The path of a file of this folder. */
export const script = (name) => fileURLToPath(new URL(name, import.meta.url))

/** `keep` waits for a server and remembers it; `stop` ends all that were kept. */
export function createServers() {
  const started = []
  return {
    keep: async (starting) => {
      const server = await starting
      started.push(server)
      return server
    },
    stop: async () => {
      await Promise.all(started.splice(0).map(async (server) => await server.stop()))
    },
  }
}

/**
 * Starts the no-op grpc-js server with an answer. `tls` has the paths of certificate and key, and `address` is a port of
 * this machine's unless it is given.
 */
export async function startNoOp(file, name, answer, { address = '127.0.0.1:0', tls } = {}) {
  writeFileSync(file(name), answer)
  const args = [file(name), address, ...(tls === undefined ? [] : [tls.certFile, tls.keyFile])]
  return await startServer(script('no-op-server.mjs'), args, file(`${name}.log`))
}

/** Asks twice, so that the token is known. Resolves to the bytes of the second answer; rejects when it is not as expected. */
export async function expectedAnswer(server, request, isExpected, caCertificate) {
  await callOnce(server.grpc, request, caCertificate)
  const answer = await callOnce(server.grpc, request, caCertificate)
  if (!isExpected(answer)) throw new Error('the gate gave an answer that was not expected')
  return answer.bytes
}

/** That an answer allows. */
export const allows = ({ isAllow }) => isAllow

/** A client that collects its garbage when it is told to: its pauses would be told as those of the server. */
const clientFlags = [
  '--expose-gc',
  '--no-allocation-site-pretenuring',
  '--heap-growing-percent=1000',
]

/** Starts a client process that is sent orders and answers each, one after the other. Rejects when it ends before. */
export async function startClient(name, args) {
  const child = fork(script(name), args, { execArgv: clientFlags })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  return {
    order: async (order) => {
      const answered = new Promise((resolve) => child.once('message', resolve))
      child.send(order)
      const seen = await Promise.race([answered, ended])
      if (typeof seen === 'object' && seen !== null) return seen
      throw new Error(`${name} ended`)
    },
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Load in which every call has another token: see distinct-load.mjs. Without `turnsFile` tokens take turns. */
export async function startDistinctLoad(framesFile, turnsFile) {
  const client = await startClient('distinct-load.mjs', [
    framesFile,
    ...(turnsFile === undefined ? [] : [turnsFile]),
  ])
  return {
    load: async (address, requests) => await client.order({ address, requests }),
    stop: client.stop,
  }
}
