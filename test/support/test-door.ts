/** The Envoy door alone, in front of a check that a test decides for. */
import type { Check, CheckRequest, Decision, DecisionEvent } from '../../src/check/index.js'
import { createDecisionIds } from '../../src/check/index.js'
import {
  createExtAuthzService,
  startGrpcServer,
  type ExtAuthzService,
  type GrpcServer,
  type GrpcServerOptions,
} from '../../src/envoy/index.js'
import { testAllow, testRefusal } from './decisions.js'

/** What a test may replace. */
export interface TestDoorOptions {
  readonly server?: Partial<GrpcServerOptions>
  readonly check?: (request: CheckRequest) => Decision | Promise<Decision>
  readonly observe?: (event: DecisionEvent) => void
  readonly defersUnavailable?: boolean
}

/** A door that listens, and what came through it. */
export interface TestDoor extends GrpcServer {
  readonly service: ExtAuthzService
  readonly events: readonly DecisionEvent[]
  readonly faults: readonly unknown[]
}

/** Starts a door on a free port; unless told otherwise it allows everything that is a request. */
export async function startTestDoor(options: TestDoorOptions = {}): Promise<TestDoor> {
  const events: DecisionEvent[] = []
  const faults: unknown[] = []
  const decide = options.check ?? (() => testAllow())
  const check: Check = Object.assign((request: CheckRequest) => decide(request), {
    refuse: (reason: Parameters<Check['refuse']>[0]) => testRefusal(reason),
  })
  const service = createExtAuthzService({
    check,
    observer: {
      decided(event) {
        events.push(event)
        options.observe?.(event)
      },
    },
    nextDecisionId: createDecisionIds('0123456789abcdef'),
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    onFault: (fault) => {
      faults.push(fault)
    },
    response: {
      managedHeaders: () => [],
      defersUnavailable: options.defersUnavailable ?? false,
    },
  })
  const server = await startGrpcServer(
    {
      address: '127.0.0.1:0',
      tls: undefined,
      reflection: false,
      maxMessageBytes: 16_777_216,
      keepaliveMs: 30_000,
      keepaliveTimeoutMs: 10_000,
      maxConnectionAgeMs: 1_800_000,
      maxConnectionAgeGraceMs: 30_000,
      maxConnectionIdleMs: 900_000,
      ...options.server,
    },
    service,
  )
  return { ...server, service, events, faults }
}
