/**
 * From a decision to the bytes of a CheckResponse.
 *
 * The rules are:
 *   - two constructors and no third: status code 0 goes only with ok_response, every other answer has a code that is
 *     not 0, because an absent code reads as an allow;
 *   - every header carries `append: false` and OVERWRITE_IF_EXISTS_OR_ADD: one or the other decides, depending on the
 *     version of Envoy, and both replace what the client sent;
 *   - every managed header that is not set is removed, in every spelling, on every allow;
 *   - the decision id has a place of fixed width in the bytes, so that one answer serves many requests (ADR 0006).
 */
import { decisionIdLength, reasonAnswers, refusalAnswer } from '../check/index.js'
import type { Allow, AnswerFormat, Decision, Refusal } from '../check/index.js'
import { encodeAllow, encodeRefusal, type PreparedResponse } from './encode-check-response.js'

/** How to answer. */
export interface CheckResponseOptions {
  /** Names to remove from an allowed request unless they are set, in every spelling. */
  readonly managedHeaders: (allow: Allow) => readonly string[]
  /** Whether "unavailable" obeys the proxy's failure_mode_allow (Envoy 1.37 and newer) instead of being a denial. */
  readonly defersUnavailable: boolean
}

/** Prepares the answer to a decision; `format` matters only to refusals. */
export function prepareCheckResponse(
  decision: Decision,
  format: AnswerFormat,
  options: CheckResponseOptions,
): PreparedResponse {
  return decision.outcome === 'allow'
    ? allowed(decision, options)
    : refused(decision, format, options.defersUnavailable)
}

/** The answer to one request: prepared bytes, and the id that belongs into them. */
export interface CheckAnswer {
  readonly prepared: PreparedResponse
  readonly decisionId: string
}

/**
 * The bytes of an answer, good until the next answer with the same prepared bytes is serialized: the id is written over
 * the one before. gRPC copies what a serializer returns into its frame at once; a copy of our own would cost more than
 * the whole decision.
 */
export function serializeCheckAnswer({ prepared, decisionId }: CheckAnswer): Buffer {
  prepared.bytes.write(decisionId, prepared.idOffset, decisionIdLength, 'latin1')
  return prepared.bytes
}

function allowed(decision: Allow, { managedHeaders }: CheckResponseOptions): PreparedResponse {
  const { headers } = decision.identityHeaders
  const set = new Set(headers.map(({ name }) => name))
  return encodeAllow({
    headers,
    // Envoy removes after it sets: a name in both lists would be gone.
    headersToRemove: managedHeaders(decision).filter((name) => !set.has(name)),
    metadata: metadata(decision),
  })
}

function refused(
  decision: Refusal,
  format: AnswerFormat,
  defersUnavailable: boolean,
): PreparedResponse {
  const { status, headers, body } = refusalAnswer(decision, format)
  const isError = decision.outcome === 'unavailable' && defersUnavailable
  return encodeRefusal({
    kind: isError ? 'error_response' : 'denied_response',
    code: reasonAnswers[decision.reason].statusCode,
    httpStatus: status,
    headers,
    body,
    metadata: metadata(decision),
  })
}

/** What the proxy can log, limit by or hand to later filters. */
function metadata({ labels, route, principal }: Decision): [string, string | undefined][] {
  return [
    ['decision', labels.decision],
    ['reason', labels.reason],
    ['resource', route?.resource.id],
    ['route', route?.id],
    ['issuer', labels.issuer === 'none' ? undefined : labels.issuer],
    ['subject', principal?.token.subject],
    ['client', principal?.client],
    ['scopes', principal === undefined ? undefined : [...principal.scopes].join(' ')],
  ]
}
