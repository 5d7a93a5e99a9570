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
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'

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
  opened(session: ServerHttp2Session): void
  /** Tells every connection to go, and cuts what is left after the grace. */
  drain(graceMs: number): void
}

/** The greatest stream number: a GOAWAY with it announces the end and refuses nothing yet (RFC 9113 section 6.8). */
const anyStream = 2 ** 31 - 1
const maxAge = Buffer.from('max_age')
/** For a client to read what it was told last. Node waits for ever for the client to end a connection that it has ended. */
const lingerMs = 1_000
/** Multiples of the golden ratio spread over an interval more evenly than dice do. */
const goldenRatio = 0.618_033_988_75

/** Creates the watch over connections. */
export function createConnectionLife(options: ConnectionLifeOptions): ConnectionLife {
  const sockets = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
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
    opened(session) {
      sessions.add(session)
      const stops = [
        limitAge(session, ageLimitMs(), options.maxConnectionAgeGraceMs),
        limitIdleness(session, options.maxConnectionIdleMs),
        keepAlive(session, options),
      ]
      session.once('close', () => {
        sessions.delete(session)
        for (const stop of stops) stop()
      })
    },
    drain(graceMs) {
      for (const session of sessions) session.close()
      setTimeout(() => {
        for (const session of sessions) session.destroy(undefined, constants.NGHTTP2_CANCEL)
      }, graceMs).unref()
      setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, graceMs + lingerMs).unref()
    },
  }
}

function limitAge(session: ServerHttp2Session, ageMs: number, graceMs: number): () => void {
  // A session that has ended gives its socket away no more, and is not closed before its client has closed it.
  const { socket } = session
  const endSocket = socket.destroySoon.bind(socket)
  let timer = setTimeout(() => {
    if (!session.destroyed) {
      session.goaway(constants.NGHTTP2_NO_ERROR, anyStream, maxAge)
      session.close()
    }
    timer = setTimeout(() => {
      session.destroy()
      timer = setTimeout(endSocket, lingerMs).unref()
    }, graceMs).unref()
  }, ageMs).unref()
  return () => {
    clearTimeout(timer)
  }
}

function limitIdleness(session: ServerHttp2Session, idleMs: number): () => void {
  let calls = 0
  const timer = setTimeout(() => {
    if (calls === 0 && !session.closed) session.close()
  }, idleMs).unref()
  const callEnded = (): void => {
    calls -= 1
    if (calls === 0) timer.refresh()
  }
  session.on('stream', (stream: ServerHttp2Stream) => {
    calls += 1
    stream.on('close', callEnded)
  })
  return () => {
    clearTimeout(timer)
  }
}

function keepAlive(
  session: ServerHttp2Session,
  { keepaliveMs, keepaliveTimeoutMs }: ConnectionLifeOptions,
): () => void {
  let timer = waitToPing()

  function waitToPing(): NodeJS.Timeout {
    return setTimeout(() => {
      if (!session.destroyed && session.ping(answered)) timer = waitForAnswer()
      else session.destroy()
    }, keepaliveMs).unref()
  }

  function waitForAnswer(): NodeJS.Timeout {
    return setTimeout(() => {
      session.destroy()
    }, keepaliveTimeoutMs).unref()
  }

  function answered(fault: Error | null): void {
    clearTimeout(timer)
    if (fault === null) timer = waitToPing()
    else session.destroy()
  }

  return () => {
    clearTimeout(timer)
  }
}
