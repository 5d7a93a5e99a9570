/**
 * The Check call: bytes in, decision, bytes out.
 *
 * The rules are:
 *   - the call is always answered with a CheckResponse: an RPC error would hand the verdict to the proxy's
 *     failure_mode_allow (ADR 0001);
 *   - codecs pass bytes through, so that not even undecodable bytes become an RPC error;
 *   - nothing is awaited when the decision is there at once.
 */
import type {
  ServerUnaryCall,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type { Check, CheckObserver, CheckRequest, Decision } from '../check/index.js'
import { answerFormat, type AnswerFormat } from '../check/index.js'
import { decodeCheckRequest, type DecodedCheckRequest } from './decode-check-request.js'
import {
  prepareCheckResponse,
  withDecisionId,
  type CheckResponseOptions,
  type PreparedResponse,
} from './to-check-response.js'

/** What the service needs. */
export interface ExtAuthzDependencies {
  readonly check: Check
  readonly observer: CheckObserver
  readonly nextDecisionId: () => string
  readonly monotonicMs: () => number
  readonly wallMs: () => number
  readonly onFault: (fault: unknown) => void
  readonly response: CheckResponseOptions
}

/** The definition and the implementation of envoy.service.auth.v3.Authorization, ready for a gRPC server. */
export interface ExtAuthzService {
  readonly definition: ServiceDefinition
  readonly implementation: UntypedServiceImplementation
}

const passThrough = (bytes: Buffer): Buffer => bytes

const definition: ServiceDefinition = {
  Check: {
    path: '/envoy.service.auth.v3.Authorization/Check',
    requestStream: false,
    responseStream: false,
    requestDeserialize: passThrough,
    requestSerialize: passThrough,
    responseDeserialize: passThrough,
    responseSerialize: passThrough,
  },
}

/** Creates the service. Its handler never throws and never calls back with an error. */
export function createExtAuthzService(dependencies: ExtAuthzDependencies): ExtAuthzService {
  const { check, observer, nextDecisionId, monotonicMs, wallMs, onFault, response } = dependencies
  const prepared: Record<AnswerFormat, WeakMap<Decision, PreparedResponse>> = {
    json: new WeakMap(),
    empty: new WeakMap(),
    grpc: new WeakMap(),
  }

  function answer(decision: Decision, format: AnswerFormat, decisionId: string): Buffer {
    let bytes = prepared[format].get(decision)
    if (bytes === undefined) {
      bytes = prepareCheckResponse(decision, format, response)
      prepared[format].set(decision, bytes)
    }
    return withDecisionId(bytes, decisionId)
  }

  function handleCheck(
    call: ServerUnaryCall<Buffer, Buffer>,
    callback: (error: null, value: Buffer) => void,
  ): void {
    const startedAtMs = monotonicMs()
    const decisionId = nextDecisionId()
    let request: CheckRequest | undefined
    let decoded: DecodedCheckRequest | undefined

    function respond(decision: Decision): void {
      let settled = decision
      let bytes: Buffer
      const format =
        decision.outcome === 'allow' ? 'json' : answerFormat(decoded?.contentType, decoded?.accept)
      try {
        bytes = answer(decision, format, decisionId)
      } catch (fault) {
        onFault(fault)
        settled = check.refuse('internal_error') // Fail closed: an answer that cannot be built is not an allow.
        bytes = answer(settled, format, decisionId)
      }
      callback(null, bytes)
      const durationMs = monotonicMs() - startedAtMs
      const requestId = decoded?.requestId
      observer.decided({
        decision: settled,
        request,
        decisionId,
        requestId,
        door: 'envoy',
        durationMs,
      })
    }

    try {
      decoded = decodeCheckRequest(call.request)
    } catch {
      respond(check.refuse('malformed_request')) // Fail closed: unreadable bytes are a denial (CVE-2024-23324).
      return
    }
    if (!decoded.hasHttp) {
      respond(check.refuse('no_route')) // The TCP filter, or an empty message: there is no route for it.
      return
    }
    request = toCheckRequest(decoded, () => remainingMs(call, wallMs))
    const decision = check(request)
    if (decision instanceof Promise) void decision.then(respond)
    else respond(decision)
  }

  return { definition, implementation: { Check: handleCheck } }
}

function toCheckRequest(decoded: DecodedCheckRequest, remaining: () => number): CheckRequest {
  const { resource, route } = decoded
  return {
    method: decoded.method,
    target: decoded.path,
    host: decoded.host,
    authorization: decoded.authorization,
    selection: resource === undefined && route === undefined ? undefined : { resource, route },
    remainingMs: remaining,
  }
}

function remainingMs(call: ServerUnaryCall<Buffer, Buffer>, wallMs: () => number): number {
  const deadline = call.getDeadline()
  return (typeof deadline === 'number' ? deadline : deadline.getTime()) - wallMs()
}
