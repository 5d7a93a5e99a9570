/**
 * What grpc-js serves behind the relay: health, reflection, and Check calls that are not in their usual form.
 *
 * A module of its own, so that a gate listens before it is loaded: it is a third of all code, and the first usual check
 * does not need it (ADR 0029).
 */
import { Server } from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'
import { authorizationService, type ExtAuthzService } from './ext-authz-service.js'
import { createInjector } from './injector.js'
import type { InjectConnection } from './relay.js'

/** How they are served. */
export interface OtherCallsOptions {
  readonly reflection: boolean
  readonly maxMessageBytes: number
}

/** A grpc-js server without an address. */
export interface OtherCalls {
  readonly inject: InjectConnection
  /** What grpc.health.v1 says for `""` and for the service; "not serving" until it is told. */
  setServing(serving: boolean): void
  /** Cuts what is under way. */
  close(): void
}

/** Creates the server. Rejects when what reflection needs cannot be loaded. */
export async function createOtherCalls(
  options: OtherCallsOptions,
  service: ExtAuthzService,
): Promise<OtherCalls> {
  const server = new Server({
    'grpc.max_receive_message_length': options.maxMessageBytes,
    'grpc.enable_channelz': 0,
  })
  server.addService(service.definition, service.implementation)
  const health = new HealthImplementation({
    '': 'NOT_SERVING',
    [authorizationService]: 'NOT_SERVING',
  })
  health.addToServer(server)
  if (options.reflection) {
    // Loaded for who asks for it: it brings Google's own protobuf, and its service is two more files to parse.
    const [{ ReflectionService }, { loadProto }] = await Promise.all([
      import('@grpc/reflection'),
      import('./load-proto.js'),
    ])
    new ReflectionService(loadProto()).addToServer(server)
  }
  return {
    inject: createInjector(server, service.onFault),
    setServing(serving) {
      const status = serving ? 'SERVING' : 'NOT_SERVING'
      health.setStatus('', status)
      health.setStatus(authorizationService, status)
    },
    close() {
      server.forceShutdown()
    },
  }
}
