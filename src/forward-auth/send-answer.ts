/**
 * Sends a prepared answer. The head of an answer is the same for every question but for the decision's id, so it is
 * written once; Node would put it together anew for each, which costs a tenth of a question (ADR 0020).
 */
import type { ServerResponse } from 'node:http'
import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http'

/** An answer without the id of its decision. */
export interface PreparedHttpAnswer {
  readonly status: number
  /** Name, value, name, value; the last value is the place of the decision's id. */
  readonly fields: readonly string[]
  /** The octets up to the decision's id, for a connection that stays open. */
  readonly head: string
  readonly body: string
}

/** The response header by which a decision is found in the log. */
export const decisionIdField = 'x-scopegate-decision-id'

/** One response header. */
export interface HeaderField {
  readonly name: string
  readonly value: string
}

/** Prepares an answer. Throws on a name or a value that HTTP does not allow, as Node would on sending (RFC 9110 5.5). */
export function prepareAnswer(
  status: number,
  headers: readonly HeaderField[],
  body: string,
): PreparedHttpAnswer {
  const length = { name: 'content-length', value: String(Buffer.byteLength(body)) }
  const all = [...headers, length]
  for (const { name, value } of all) {
    validateHeaderName(name)
    validateHeaderValue(name, value)
  }
  const lines = all.map(({ name, value }) => `${name}: ${value}\r\n`).join('')
  return {
    status,
    fields: [...all.flatMap(({ name, value }) => [name, value]), decisionIdField, ''],
    head:
      `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\n` +
      `${lines}connection: keep-alive\r\n${decisionIdField}: `,
    body,
  }
}

/** Where Node keeps the head of a response until it is sent. */
interface WithHead {
  _header: string
}

/** What is left of a head behind the decision's id. */
const endOfHead = '\r\n\r\n'

/**
 * Sends an answer with the id of its decision. Throws when Node refuses, and has then sent nothing.
 *
 * Node has no public way to hand over a head that is ready, so this sets the field in which Node keeps it, and looks
 * by public means whether Node saw it. Where it did not, and where the connection is to close, Node writes the head.
 */
export function sendAnswer(
  response: ServerResponse,
  answer: PreparedHttpAnswer,
  decisionId: string,
): void {
  if (!response.headersSent && response.shouldKeepAlive) {
    response.statusCode = answer.status
    ;(response as unknown as WithHead)._header = answer.head + decisionId + endOfHead
    if (hasHead(response)) {
      response.end(answer.body)
      return
    }
  }
  const fields = answer.fields.slice()
  fields[fields.length - 1] = decisionId
  response.writeHead(answer.status, fields).end(answer.body)
}

function hasHead(response: ServerResponse): boolean {
  return response.headersSent
}
