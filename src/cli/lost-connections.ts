/**
 * Connections that were handed to a worker which did not live to take them.
 *
 * node:cluster hands a connection out and waits for the worker's word. From one that is killed at that moment it never comes,
 * and the connection stays open with nobody behind it: the proxy waits on it for one time-out after the other. Node leaves
 * it so; here the word that is missing is said in the worker's place, "not accepted", and node:cluster gives the connection to
 * another one. The two messages are Node's own and not documented: where a Node has others, nothing is done here, and
 * test/interop/workers.test.ts tells.
 */
import type { ChildProcess } from 'node:child_process'
import type { Worker } from 'node:cluster'

interface ClusterMessage {
  readonly cmd?: unknown
  readonly act?: unknown
  readonly seq?: unknown
  readonly ack?: unknown
}

const ofCluster = 'NODE_CLUSTER'

/** From now on no connection is lost with the worker. To be called when it has just been forked. */
export function rescueConnections({ process: child }: Pick<Worker, 'process'>): void {
  const handedOut = new Set<unknown>()
  const send = child.send.bind(child) as (...args: unknown[]) => boolean
  child.send = (...args: unknown[]): boolean => {
    const { cmd, act, seq } = messageOf(args[0])
    if (cmd === ofCluster && act === 'newconn') handedOut.add(seq)
    return send(...args)
  }
  child.on('internalMessage' as Parameters<ChildProcess['on']>[0], (message: unknown) => {
    const { cmd, ack } = messageOf(message)
    if (cmd === ofCluster && ack !== undefined) handedOut.delete(ack)
  })
  // The channel's own end is not told of while a connection is on its way. By now node:cluster has taken the worker off its
  // list, so that it does not get them again.
  child.once('exit', () => {
    for (const seq of [...handedOut]) {
      child.emit('internalMessage', { cmd: ofCluster, ack: seq, accepted: false })
    }
  })
}

function messageOf(message: unknown): ClusterMessage {
  return typeof message === 'object' && message !== null ? message : {}
}
