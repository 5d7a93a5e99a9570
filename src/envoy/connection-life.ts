/**
 * How long connections live: the pings, the idle limit and the age limit of the gRPC door, as grpc-js has them.
 *
 * The rules are:
 *   - a peer that does not answer a ping is gone, and so is its connection;
 *   - a connection without calls for too long, or of too great an age, is told to go (GOAWAY): calls under way finish,
 *     and what is left when the grace is over is cut;
 *   - ages differ by up to a tenth either way, so that connections made together do not end together;
 *   - a connection ends also when its client never closes it, or has not begun to speak HTTP/2: nobody can make an end wait.
 */
import type { Socket } from 'node:net'
import type { ServerConnection } from '../http2/index.js'

/** How long connections live, in milliseconds. */
export interface ConnectionLifeOptions {
  readonly keepaliveMs: number
  readonly keepaliveTimeoutMs: number
  readonly maxConnectionAgeMs: number
  readonly maxConnectionAgeGraceMs: number
  readonly maxConnectionIdleMs: number
}

/** The connections of a server. */
export interface ConnectionLife {
  /** Watches over the socket of a new connection, before it has shown what it is. */
  accepted(socket: Socket): void
  /** Watches over a new connection of HTTP/2. */
  opened(connection: ServerConnection): void
  /** Tells every connection to go, and cuts what is left after the grace. */
  drain(graceMs: number): void
}

/** Multiples of the golden ratio spread over an interval more evenly than dice do. */
const goldenRatio = 0.618_033_988_75

/** Creates the watch over connections. */
export function createConnectionLife(options: ConnectionLifeOptions): ConnectionLife {
  const sockets = new Set<Socket>()
  const connections = new Set<ServerConnection>()
  let opened = 0

  function ageLimitMs(): number {
    opened += 1
    return options.maxConnectionAgeMs * (0.9 + 0.2 * ((opened * goldenRatio) % 1))
  }

  return {
    accepted(socket) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    },
    opened(connection) {
      connections.add(connection)
      const stops = [
        limitAge(connection, ageLimitMs(), options.maxConnectionAgeGraceMs),
        limitIdleness(connection, options.maxConnectionIdleMs),
        keepAlive(connection, options),
      ]
      connection.once('close', () => {
        connections.delete(connection)
        for (const stop of stops) stop()
      })
    },
    drain(graceMs) {
      for (const connection of connections) connection.drain()
      setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, graceMs).unref()
    },
  }
}

function limitAge(connection: ServerConnection, ageMs: number, graceMs: number): () => void {
  let timer = setTimeout(() => {
    connection.drain()
    timer = setTimeout(() => {
      connection.destroy()
    }, graceMs).unref()
  }, ageMs).unref()
  return () => {
    clearTimeout(timer)
  }
}

function limitIdleness(connection: ServerConnection, idleMs: number): () => void {
  const timer = setTimeout(() => {
    if (connection.streamCount === 0) connection.drain()
  }, idleMs).unref()
  connection.on('idle', () => {
    timer.refresh()
  })
  return () => {
    clearTimeout(timer)
  }
}

function keepAlive(
  connection: ServerConnection,
  { keepaliveMs, keepaliveTimeoutMs }: ConnectionLifeOptions,
): () => void {
  let timer = waitToPing()

  function waitToPing(): NodeJS.Timeout {
    return setTimeout(() => {
      connection.ping(() => {
        clearTimeout(timer)
        timer = waitToPing()
      })
      timer = setTimeout(() => {
        connection.destroy()
      }, keepaliveTimeoutMs).unref()
    }, keepaliveMs).unref()
  }

  return () => {
    clearTimeout(timer)
  }
}
