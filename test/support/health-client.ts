/** A gRPC client of grpc.health.v1, as Envoy and Kubernetes are. */
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js'
import { service as healthService } from 'grpc-health-check'

interface Watch {
  /** Every status so far. */
  readonly statuses: readonly string[]
  readonly cancel: () => void
}

/** Asks grpc.health.v1. */
export interface HealthClient {
  check(service: string): Promise<string>
  watch(service: string): Watch
  readonly close: () => void
}

interface HealthStream {
  on(event: 'data', listener: (answer: { status: string }) => void): void
  on(event: 'error', listener: (error: Error) => void): void
  cancel(): void
}

/** A client with a connection of its own. */
export function createHealthClient(address: string): HealthClient {
  const HealthStub = makeGenericClientConstructor(healthService, 'Health')
  const stub = new HealthStub(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  }) as unknown as {
    check(
      request: object,
      callback: (error: Error | null, answer?: { status: string }) => void,
    ): void
    watch(request: object): HealthStream
    close(): void
  }
  return {
    close: () => {
      stub.close()
    },
    check: async (service) =>
      await new Promise((resolve, reject) => {
        stub.check({ service }, (error, answer) => {
          if (error === null) resolve(answer?.status ?? '')
          else reject(error)
        })
      }),
    watch(service) {
      const statuses: string[] = []
      const stream = stub.watch({ service })
      stream.on('data', (answer) => statuses.push(answer.status))
      stream.on('error', () => undefined)
      return {
        statuses,
        cancel: () => {
          stream.cancel()
        },
      }
    },
  }
}
