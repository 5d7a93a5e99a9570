/**
 * A question as Node hands it over, without the object of its headers. Node makes that object for every message only to
 * see whether there is an `Expect`; the doors read the raw fields, and making it costs a tenth of a question (ADR 0020).
 */
import { IncomingMessage } from 'node:http'

/**
 * A message whose `headers` are empty unless it has an `Expect`, which Node has to answer (RFC 9110 section 10.1.1).
 * Read `rawHeaders`.
 */
export class QuestionMessage extends IncomingMessage {}

const none: object = Object.freeze({ __proto__: null })

Object.defineProperty(QuestionMessage.prototype, 'headers', {
  get(this: IncomingMessage): unknown {
    return hasExpect(this.rawHeaders)
      ? Reflect.get(IncomingMessage.prototype, 'headers', this)
      : none
  },
})

function hasExpect(fields: readonly string[]): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]
    if (name?.length === 6 && name.toLowerCase() === 'expect') return true
  }
  return false
}
