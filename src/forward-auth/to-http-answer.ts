/**
 * From a decision to an HTTP answer that one kind of proxy understands.
 *
 * The rules are:
 *   - an allow is exactly 200 with an empty body, and identity headers are response headers; every proxy's own
 *     configuration copies them, and overwrites or removes what the client wrote under their names;
 *   - a refusal is never 2xx, whatever a dialect folds it into;
 *   - nothing may be stored: an answer is for one request (RFC 9111 section 5.2.2.5).
 */
import { refusalAnswer, type Allow, type AnswerFormat, type Decision } from '../check/index.js'
import type { Dialect } from './dialect.js'

/** An answer without the id of its decision. */
export interface PreparedHttpAnswer {
  readonly status: number
  /** Name, value, name, value; the last value is the place of the decision's id. */
  readonly fields: readonly string[]
  readonly body: string
}

/** The response header by which a decision is found in the log. */
export const decisionIdField = 'x-scopegate-decision-id'

/** Prepares the answer to a decision; `format` matters only to refusals. */
export function prepareHttpAnswer(
  decision: Decision,
  format: AnswerFormat,
  dialect: Dialect | undefined,
  managedHeaders: readonly string[],
): PreparedHttpAnswer {
  if (decision.outcome === 'allow') return allowed(decision, dialect, managedHeaders)
  const answer = refusalAnswer(decision, format, dialect?.foldStatus)
  if (answer.status < 400) throw new Error('a refusal is folded into a status that is none')
  return prepared(answer.status, answer.headers, answer.body)
}

function allowed(
  { identityHeaders }: Allow,
  dialect: Dialect | undefined,
  managedHeaders: readonly string[],
): PreparedHttpAnswer {
  if (dialect === undefined) throw new Error('there is no allow without a dialect')
  const headers = [{ name: 'cache-control', value: 'no-store' }, ...identityHeaders.headers]
  if (dialect.removeWith !== undefined) {
    const set = new Set(identityHeaders.headers.map(({ name }) => name))
    const names = managedHeaders.filter((name) => !set.has(name))
    headers.push({ name: dialect.removeWith, value: names.join(',') })
  }
  return prepared(200, headers, '')
}

function prepared(
  status: number,
  headers: readonly { readonly name: string; readonly value: string }[],
  body: string,
): PreparedHttpAnswer {
  const fields = headers.flatMap(({ name, value }) => [name, value])
  fields.push('content-length', String(Buffer.byteLength(body)), decisionIdField, '')
  return { status, fields, body }
}
