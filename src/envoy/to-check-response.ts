/**
 * From a decision to the bytes of a CheckResponse.
 *
 * The rules are:
 *   - two constructors and no third: status code 0 goes only with ok_response, every other answer has a code that is
 *     not 0, because an absent code reads as an allow;
 *   - every header carries `append: false` and OVERWRITE_IF_EXISTS_OR_ADD: one or the other decides, depending on the
 *     version of Envoy, and both replace what the client sent;
 *   - every managed header that is not set is removed, in every spelling, on every allow;
 *   - the decision id has a place of fixed width in the bytes, so that one answer serves many requests.
 */
import { decisionIdLength, reasonAnswers, refusalAnswer } from '../check/index.js'
import type { Allow, AnswerFormat, Decision, Refusal } from '../check/index.js'

/** A CheckResponse with a place for its decision id. Shared by all answers to the same decision. */
export interface PreparedResponse {
  readonly bytes: Buffer
  /** Where the decision id goes. */
  readonly idOffset: number
}

/** How to answer. */
export interface CheckResponseOptions {
  readonly serialize: (response: object) => Buffer
  /** Names to remove from an allowed request unless they are set, in every spelling. */
  readonly managedHeaders: (allow: Allow) => readonly string[]
  /** Whether "unavailable" obeys the proxy's failure_mode_allow (Envoy 1.37 and newer) instead of being a denial. */
  readonly defersUnavailable: boolean
}

const overwriteIfExistsOrAdd = 2
// Not hexadecimal, so it is not a decision id; in no claim, because it is looked for from the end, where it stands.
const idPlaceholder = '#'.repeat(decisionIdLength)

/** Prepares the answer to a decision; `format` matters only to refusals. */
export function prepareCheckResponse(
  decision: Decision,
  format: AnswerFormat,
  options: CheckResponseOptions,
): PreparedResponse {
  const response =
    decision.outcome === 'allow'
      ? allowed(decision, options)
      : refused(decision, format, options.defersUnavailable)
  const bytes = options.serialize(response)
  return { bytes, idOffset: bytes.lastIndexOf(idPlaceholder) }
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

function allowed(decision: Allow, { managedHeaders }: CheckResponseOptions): object {
  const { headers } = decision.identityHeaders
  const set = new Set(headers.map(({ name }) => name))
  return {
    status: { code: 0 },
    ok_response: {
      headers: headers.map(({ name, value }) => headerOption(name, value)),
      // Envoy removes after it sets: a name in both lists would be gone.
      headers_to_remove: managedHeaders(decision).filter((name) => !set.has(name)),
    },
    dynamic_metadata: metadata(decision),
  }
}

function refused(decision: Refusal, format: AnswerFormat, defersUnavailable: boolean): object {
  const answer = refusalAnswer(decision, format)
  const response = {
    status: { code: answer.status },
    headers: answer.headers.map(({ name, value }) => headerOption(name, value)),
    body: answer.body,
  }
  const isError = decision.outcome === 'unavailable' && defersUnavailable
  return {
    status: { code: reasonAnswers[decision.reason].statusCode },
    ...(isError ? { error_response: response } : { denied_response: response }),
    dynamic_metadata: metadata(decision),
  }
}

function headerOption(key: string, value: string): object {
  return {
    header: { key, value },
    append: { value: false },
    append_action: overwriteIfExistsOrAdd,
  }
}

/** What the proxy can log, limit by or hand to later filters. The decision id comes last: its place is looked for. */
function metadata(decision: Decision): object {
  const { labels, route, principal } = decision
  const values: Record<string, string | undefined> = {
    decision: labels.decision,
    reason: labels.reason,
    resource: route?.resource.id,
    route: route?.id,
    issuer: labels.issuer === 'none' ? undefined : labels.issuer,
    subject: principal?.token.subject,
    client: principal?.client,
    scopes: principal === undefined ? undefined : [...principal.scopes].join(' '),
    decision_id: idPlaceholder,
  }
  const fields = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, stringValue]) => [name, { stringValue }])
  return { fields: Object.fromEntries(fields) as object }
}
