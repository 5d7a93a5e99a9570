/**
 * The header fields of a request, and whether they are those of a request at all (RFC 9113 sections 8.1.1, 8.2 and 8.3).
 *
 * The rules are:
 *   - what is malformed is no request: there is nothing to be guessed from it;
 *   - names and values are Latin-1, one character for an octet, as they came;
 *   - CONNECT is not served, so that every request has a method, a scheme and a path.
 */
import type { Field } from './hpack-decoder.js'

/** Sections 8.2.2 and 8.1: they belong to HTTP/1.1. */
const forbidden = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])
const pseudoFields = new Set([':method', ':scheme', ':path', ':authority'])
/** A token in lower case (RFC 9110 section 5.6.2, RFC 9113 section 8.2). */
const fieldName = /^[a-z\d!#$%&'*+.^_`|~-]+$/
const contentLength = /^\d{1,15}$/
/** Control characters but the tab, and white space at an end (RFC 9110 section 5.5, RFC 9113 section 8.2.1). */
const badValue = /[\0-\x08\x0a-\x1f\x7f]|^[ \t]|[ \t]$/

const longValue = 256
const goodLongFields = new WeakSet<Field>()

/** The fields of one request. The same object may be that of many requests. */
export class RequestHead {
  readonly method: string
  readonly path: string
  /** How long the content says it is; undefined when it does not. */
  readonly contentLength: number | undefined
  /** All fields in their order, the pseudo-fields first. */
  readonly fields: readonly Field[]
  readonly #values = new Map<string, string>()

  constructor(fields: readonly Field[]) {
    this.fields = fields
    for (const [name, value] of fields) {
      const known = this.#values.get(name)
      this.#values.set(name, known === undefined ? value : `${known}, ${value}`)
    }
    this.method = this.#values.get(':method') ?? ''
    this.path = this.#values.get(':path') ?? ''
    const length = this.#values.get('content-length')
    this.contentLength = length === undefined ? undefined : Number(length)
  }

  /** The value of a field, several joined as a list (RFC 9110 section 5.3); undefined when it is not there. */
  get(name: string): string | undefined {
    return this.#values.get(name)
  }
}

/** The head that fields make; undefined when they are malformed. */
export function toRequestHead(fields: readonly Field[]): RequestHead | undefined {
  let regular = 0
  const seen = new Set<string>()
  for (const field of fields) {
    const [name] = field
    if (name.startsWith(':')) {
      // "MUST NOT … after a regular field", and not the same one twice (section 8.3).
      if (regular > 0 || seen.has(name) || !pseudoFields.has(name)) return undefined
      seen.add(name)
      if (!isGoodValue(field)) return undefined
    } else {
      regular += 1
      if (!isRegularField(field)) return undefined
    }
  }
  const head = new RequestHead(fields)
  // Also two lengths, which are a list here (RFC 9110 section 8.6).
  if (!contentLength.test(head.get('content-length') ?? '0')) return undefined
  const isWhole = head.method !== '' && head.path !== '' && (head.get(':scheme') ?? '') !== ''
  return isWhole && head.method !== 'CONNECT' ? head : undefined
}

/** Whether fields may follow the content of a request (section 8.1). */
export function areTrailers(fields: readonly Field[]): boolean {
  return fields.every(isRegularField)
}

function isRegularField(field: Field): boolean {
  const [name, value] = field
  if (!fieldName.test(name) || forbidden.has(name) || !isGoodValue(field)) return false
  return name !== 'te' || value === 'trailers'
}

/** A long value that a client has put into our table is looked at once, however often an octet brings it back. */
function isGoodValue(field: Field): boolean {
  const [, value] = field
  if (value.length < longValue) return !badValue.test(value)
  if (goodLongFields.has(field)) return true
  const isGood = !badValue.test(value)
  if (isGood) goodLongFields.add(field)
  return isGood
}
