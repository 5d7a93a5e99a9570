/**
 * The way into the grpc-js server of this process, with a guard before it.
 *
 * The rules are:
 *   - a stream that is over before grpc-js sees it is not shown to it: of grpc-js 1.14 one without a handler, or of another
 *     content type, is answered all the same, Node throws, nobody catches, and two frames of a client end the process;
 *   - what grpc-js throws at a new stream ends this stream and nothing else.
 */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { EventEmitter } from 'node:events'
import { ServerCredentials, type Server } from '@grpc/grpc-js'
import type { InjectConnection } from './relay.js'

type Serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void

/**
 * Gives what puts connections into the server. To be called once for a server, which listens to nothing else. Throws when
 * grpc-js is another one than this was written for: a guard that is not there must not be believed to be.
 */
export function createInjector(
  server: Server,
  onFault: (fault: unknown) => void,
): InjectConnection {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
  guardStreams(http2ServerOf(server), onFault)
  return (connection) => {
    injector.injectConnection(connection)
  }
}

/** Not public in grpc-js, and there is no other way to stand before it. */
function http2ServerOf(server: Server): EventEmitter {
  const servers: unknown = Reflect.get(server, 'http2Servers')
  const [http2Server] =
    servers instanceof Map ? [...(servers as Map<EventEmitter, unknown>).keys()] : []
  if (http2Server?.listenerCount('stream') !== 1) {
    throw new TypeError('grpc-js does not take streams where it is expected to')
  }
  return http2Server
}

function guardStreams(http2Server: EventEmitter, onFault: (fault: unknown) => void): void {
  const [serve] = http2Server.listeners('stream') as Serve[]
  http2Server.removeAllListeners('stream')
  http2Server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', ignore) // A 'close' follows, which says all.
    if (stream.destroyed || stream.closed) return
    try {
      serve?.(stream, headers)
    } catch (fault) {
      onFault(fault)
      stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    }
  })
}

function ignore(): void {
  // Said where it is used.
}
