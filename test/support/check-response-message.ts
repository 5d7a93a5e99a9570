/** The CheckResponse for a decision as the plain object that proto-loader serializes: the reference for our own encoder. */
import {
  decisionIdLength,
  reasonAnswers,
  refusalAnswer,
  type Allow,
  type AnswerFormat,
  type Decision,
  type Refusal,
} from '../../src/check/index.js'
import { checkMethod as method } from './check-method.js'

/** What stands where the decision id will be. */
export const idPlaceholder = '#'.repeat(decisionIdLength)

/** The bytes that protobuf.js makes of a message, and what proto-loader reads in them. */
export function reference(message: object): { readonly bytes: Buffer; readonly decoded: object } {
  const bytes = method.responseSerialize(message)
  return { bytes, decoded: method.responseDeserialize(bytes) }
}

/** What proto-loader reads in our bytes. */
export function fullDecode(bytes: Buffer): object {
  return method.responseDeserialize(bytes)
}

/** The message for a decision. */
export function checkResponseMessage(
  decision: Decision,
  format: AnswerFormat,
  managedHeaders: readonly string[],
  defersUnavailable: boolean,
): object {
  return {
    ...(decision.outcome === 'allow'
      ? allowed(decision, managedHeaders)
      : refused(decision, format, defersUnavailable)),
    dynamic_metadata: metadataMessage(metadata(decision)),
  }
}

function allowed(decision: Allow, managedHeaders: readonly string[]): object {
  const { headers } = decision.identityHeaders
  return {
    status: { code: 0 },
    ok_response: {
      headers: headers.map(headerOption),
      headers_to_remove: managedHeaders.filter((it) => !headers.some(({ name }) => name === it)),
    },
  }
}

function refused(decision: Refusal, format: AnswerFormat, defersUnavailable: boolean): object {
  const { status, headers, body } = refusalAnswer(decision, format)
  const response = { status: { code: status }, headers: headers.map(headerOption), body }
  const isError = decision.outcome === 'unavailable' && defersUnavailable
  return {
    status: { code: reasonAnswers[decision.reason].statusCode },
    ...(isError ? { error_response: response } : { denied_response: response }),
  }
}

/** A header that replaces what was there. */
export function headerOption({ name, value }: { name: string; value: string }): object {
  return { header: { key: name, value }, append: { value: false }, append_action: 2 }
}

/** A Struct of texts, with the decision id at its end. */
export function metadataMessage(values: Readonly<Record<string, string | undefined>>): object {
  const all: Readonly<Record<string, string | undefined>> = {
    ...values,
    decision_id: idPlaceholder,
  }
  const fields = Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([name, stringValue]) => [name, { stringValue }])
  return { fields: Object.fromEntries(fields) as object }
}

function metadata({ labels, route, principal }: Decision): Record<string, string | undefined> {
  return {
    decision: labels.decision,
    reason: labels.reason,
    resource: route?.resource.id,
    route: route?.id,
    issuer: labels.issuer === 'none' ? undefined : labels.issuer,
    subject: principal?.token.subject,
    client: principal?.client,
    scopes: principal === undefined ? undefined : [...principal.scopes].join(' '),
  }
}
