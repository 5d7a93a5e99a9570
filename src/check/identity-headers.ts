/**
 * The headers by which an upstream learns who calls.
 *
 * The rules are:
 *   - a value is always valid field content: visible ASCII with single inner spaces (RFC 9110 section 5.5);
 *   - everything else, and `%` itself, is percent-encoded as UTF-8, so that two different claims never look the same
 *     and `decodeURIComponent` gives the claim back;
 *   - what has no value, is not a string, number, boolean or list of strings, or is too long is left out: the header
 *     is then removed from the request, as every managed header that is not set.
 */
import { isExactNumber, resolveJsonPointer, type ProtectedResource } from '../policy/index.js'

/** Names and values, and the names whose claim was there but could not be sent. */
export interface IdentityHeaders {
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly dropped: readonly string[]
}

/** No headers at all: what a public route sends upstream. */
export const noIdentityHeaders: IdentityHeaders = { headers: [], dropped: [] }

const maxValueLength = 4_096

/** The headers of a resource for the claims of a verified token. */
export function identityHeaders(resource: ProtectedResource, claims: unknown): IdentityHeaders {
  const headers: { name: string; value: string }[] = []
  const dropped: string[] = []
  for (const { name, claim } of resource.upstreamHeaders) {
    const found = resolveJsonPointer(claims, claim)
    if (found === undefined || found === null || found === '') continue
    const value = claimFieldValue(found)
    if (value === undefined || value === '' || value.length > maxValueLength) dropped.push(name)
    else headers.push({ name, value })
  }
  return { headers, dropped }
}

/** A text as field content, from which `decodeURIComponent` gives the text back; undefined for broken UTF-16. */
export function encodeFieldValue(text: string): string | undefined {
  if (!text.isWellFormed()) return undefined
  return text.replace(/[^\x20-\x24\x26-\x7e]+|^ +| +$| {2,}/g, (part) => encodeURIComponent(part))
}

function claimFieldValue(value: unknown): string | undefined {
  if (typeof value === 'string') return encodeFieldValue(value)
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return isExactNumber(value) ? String(value) : undefined
  return Array.isArray(value) ? listFieldValue(value) : undefined
}

/** Items with spaces between them; a space inside an item is encoded, so that it does not look like two. */
function listFieldValue(items: readonly unknown[]): string | undefined {
  const values: string[] = []
  for (const item of items) {
    const value = typeof item === 'string' && item !== '' ? encodeFieldValue(item) : undefined
    if (value === undefined) return undefined
    values.push(value.replaceAll(' ', '%20'))
  }
  return values.join(' ')
}
