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
import { prepareAnswer, type HttpAnswer } from './http-answer.js'

/** Prepares the answer to a decision; `format` matters only to refusals. */
export function prepareHttpAnswer(
  decision: Decision,
  format: AnswerFormat,
  dialect: Dialect | undefined,
  managedHeaders: (allow: Allow) => readonly string[],
): HttpAnswer {
  if (decision.outcome === 'allow') return allowed(decision, dialect, managedHeaders)
  const answer = refusalAnswer(decision, format, dialect?.foldStatus)
  if (answer.status < 400) throw new Error('a refusal is folded into a status that is none')
  return prepareAnswer(answer.status, answer.headers, answer.body)
}

function allowed(
  allow: Allow,
  dialect: Dialect | undefined,
  managedHeaders: (allow: Allow) => readonly string[],
): HttpAnswer {
  if (dialect === undefined) throw new Error('there is no allow without a dialect')
  const { identityHeaders } = allow
  const headers = [{ name: 'cache-control', value: 'no-store' }, ...identityHeaders.headers]
  if (dialect.removeWith !== undefined) {
    const set = new Set(identityHeaders.headers.map(({ name }) => name))
    const names = managedHeaders(allow).filter((name) => !set.has(name))
    headers.push({ name: dialect.removeWith, value: names.join(',') })
  }
  return prepareAnswer(200, headers, '')
}
