/**
 * The Check call: bytes in, decision, bytes out.
 *
 * The rules are:
 *   - the call is always answered with a CheckResponse: an RPC error would hand the verdict to the proxy's
 *     failure_mode_allow (ADR 0001);
 *   - codecs pass bytes through, so that not even undecodable bytes become an RPC error;
 *   - nothing is awaited when the decision is there at once.
 */
import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js'
import type { CheckRequest, Decision, DoorDependencies } from '../check/index.js'
import { answerFormat, PreparedAnswers } from '../check/index.js'
import { decodeCheckRequest, type DecodedCheckRequest } from './decode-check-request.js'
import {
  prepareCheckResponse,
  serializeCheckAnswer,
  type CheckAnswer,
  type CheckResponseOptions,
} from './to-check-response.js'

/** What the service needs. */
export interface ExtAuthzDependencies extends DoorDependencies {
  readonly wallMs: () => number
  readonly response: CheckResponseOptions
}

/** A Check call as far as the service reads it: the calls of grpc-js have it, and so do those of the lane. */
export interface CheckCall {
  readonly request: Buffer
  /** When the proxy stops listening, in milliseconds of the wall clock; infinite when it did not say. */
  getDeadline(): Date | number
}

/** Answers a call, once. Never throws what the callback did not throw, and never calls back with an error. */
export type HandleCheck = (
  call: CheckCall,
  callback: (error: null, value: CheckAnswer) => void,
) => void

/** envoy.service.auth.v3.Authorization: the handler of Check, and the same ready for a gRPC server. */
export interface ExtAuthzService extends Pick<ExtAuthzDependencies, 'onFault' | 'wallMs'> {
  readonly handleCheck: HandleCheck
  readonly definition: ServiceDefinition
  readonly implementation: UntypedServiceImplementation
}

const passThrough = (bytes: Buffer): Buffer => bytes

/** The service that proxies call, and whose health they ask for. */
export const authorizationService = 'envoy.service.auth.v3.Authorization'
/** The `:path` of the Check call. */
export const checkPath: string = `/${authorizationService}/Check`

const definition: ServiceDefinition = {
  Check: {
    path: checkPath,
    requestStream: false,
    responseStream: false,
    requestDeserialize: passThrough,
    requestSerialize: passThrough,
    responseDeserialize: passThrough,
    responseSerialize: serializeCheckAnswer,
  },
}

/** Creates the service. Its handler never throws and never calls back with an error. */
export function createExtAuthzService(dependencies: ExtAuthzDependencies): ExtAuthzService {
  const { check, observer, nextDecisionId, monotonicMs, wallMs, onFault, response } = dependencies
  const internalError = check.refuse('internal_error')
  const answers = new PreparedAnswers(
    (decision, format) => prepareCheckResponse(decision, format, response),
    internalError,
    onFault,
  )

  /** Sends the answer, then tells the observer what was sent; a fault in either is never the proxy's. */
  function respond(exchange: Exchange, decision: Decision): void {
    const { callback, decoded, decisionId } = exchange
    const format =
      decision.outcome === 'allow' ? 'json' : answerFormat(decoded?.contentType, decoded?.accept)
    const answer = answers.get(decision, format)
    callback(null, { prepared: answer, decisionId })
    try {
      observer.decided({
        decision: answer === answers.lastResort ? internalError : decision,
        request: exchange.request,
        decisionId,
        requestId: decoded?.requestId,
        door: 'envoy',
        durationMs: monotonicMs() - exchange.startedAtMs,
      })
    } catch (fault) {
      onFault(fault)
    }
  }

  function handleCheck(call: CheckCall, callback: (error: null, value: CheckAnswer) => void): void {
    const startedAtMs = monotonicMs()
    const decoded = tryDecode(call.request)
    const request =
      decoded?.hasHttp === true
        ? toCheckRequest(decoded, () => remainingMs(call, wallMs))
        : undefined
    const exchange = { callback, decoded, request, startedAtMs, decisionId: nextDecisionId() }
    if (decoded === undefined || request === undefined) {
      // Fail closed: unreadable bytes are a denial (CVE-2024-23324), and so is what has no HTTP request: the TCP filter
      // and an empty message, for which there is no route.
      respond(exchange, check.refuse(decoded === undefined ? 'malformed_request' : 'no_route'))
      return
    }
    const decision = check(request)
    if (decision instanceof Promise) {
      // A part of the message would keep all of it, and what was read with it, for as long as there is to wait.
      request.authorization = decoded.authorization = undefined
      void decision.then((settled) => {
        respond(exchange, settled)
      })
    } else {
      respond(exchange, decision)
    }
  }

  return { handleCheck, onFault, wallMs, definition, implementation: { Check: handleCheck } }
}

/** One call, from its arrival to its answer. */
interface Exchange {
  readonly callback: (error: null, value: CheckAnswer) => void
  readonly decoded: DecodedCheckRequest | undefined
  readonly request: CheckRequest | undefined
  readonly startedAtMs: number
  readonly decisionId: string
}

function tryDecode(bytes: Buffer): DecodedCheckRequest | undefined {
  try {
    return decodeCheckRequest(bytes)
  } catch {
    return undefined
  }
}

interface OwnCheckRequest extends CheckRequest {
  authorization: CheckRequest['authorization']
}

function toCheckRequest(decoded: DecodedCheckRequest, remaining: () => number): OwnCheckRequest {
  const { resource, route } = decoded
  return {
    method: decoded.method,
    target: target(decoded),
    host: decoded.host,
    authorization: decoded.authorization,
    selection: resource === undefined && route === undefined ? undefined : { resource, route },
    remainingMs: remaining,
  }
}

/**
 * The request target with the octets that go upstream. In `path` Envoy writes `!` for every octet that is not UTF-8:
 * unless header_map says better, a `!` may be any of them, and becomes a character that no path may have.
 */
function target({ rawPath, path }: DecodedCheckRequest): string {
  return rawPath ?? (path.includes('!') ? path.replaceAll('!', '\ufffd') : path)
}

function remainingMs(call: CheckCall, wallMs: () => number): number {
  const deadline = call.getDeadline()
  return (typeof deadline === 'number' ? deadline : deadline.getTime()) - wallMs()
}
