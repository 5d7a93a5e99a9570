/**
 * An answer as it goes out. All of it but the decision's id is the same for every question with this decision, so it is
 * written once (ADR 0020).
 */
import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http'
import type { ServerConnection } from '../http1/index.js'

/** An answer without the id of its decision. */
export interface HttpAnswer {
  readonly status: number
  /** Name, value, name, value; the last value is the place of the decision's id. */
  readonly fields: readonly string[]
  /** Status line and fields as octets, up to the decision's id; in Latin-1, one character an octet. */
  readonly head: string
  /** In Latin-1, one character an octet, whatever it is encoded in. */
  readonly body: string
}

/** Sends an answer. Throws when it cannot be sent, and has then sent nothing. */
export type SendAnswer = (answer: HttpAnswer, decisionId: string) => void

/** One response header. */
export interface HeaderField {
  readonly name: string
  readonly value: string
}

/** The response header by which a decision is found in the log. */
const decisionIdField = 'x-scopegate-decision-id'

/** Prepares an answer. Throws on a name or a value that HTTP does not allow, as Node would on sending (RFC 9110 5.5). */
export function prepareAnswer(
  status: number,
  headers: readonly HeaderField[],
  body: string,
): HttpAnswer {
  const octets = Buffer.from(body)
  const all = [...headers, { name: 'content-length', value: String(octets.length) }]
  for (const { name, value } of all) {
    validateHeaderName(name)
    validateHeaderValue(name, value)
  }
  const lines = all.map(({ name, value }) => `${name}: ${value}\r\n`).join('')
  return {
    status,
    fields: [...all.flatMap(({ name, value }) => [name, value]), decisionIdField, ''],
    head: `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\n${lines}${decisionIdField}: `,
    body: octets.toString('latin1'),
  }
}

/** Sends answers on a connection that is read without Node. */
export function sendOn(connection: ServerConnection): SendAnswer {
  return (answer, decisionId) => {
    connection.respond(`${answer.head}${decisionId}\r\n`, answer.body)
  }
}
