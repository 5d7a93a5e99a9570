/** JSON Pointer (RFC 6901) over claims. Own members only, so that `/constructor` or `/__proto__` finds nothing. */

/** A parsed pointer: the reference tokens in order. */
export type JsonPointer = readonly string[]

/** The reference tokens of a pointer, or undefined when the text is not one. The empty pointer is not accepted. */
export function parseJsonPointer(text: string): JsonPointer | undefined {
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return undefined
  return text
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/**
 * Whether a number is the one that was written in the token: beyond 2^53 JSON readers round, and two different ids
 * become one.
 */
export function isExactNumber(value: number): boolean {
  return Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER
}

/** The value that the pointer leads to, or undefined where there is none. */
export function resolveJsonPointer(document: unknown, pointer: JsonPointer): unknown {
  let value = document
  for (const token of pointer) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, token)) {
      return undefined
    }
    // RFC 6901 section 4: of an array only items, so not its length.
    if (Array.isArray(value) && !/^(?:0|[1-9][0-9]*)$/.test(token)) return undefined
    value = (value as Record<string, unknown>)[token]
  }
  return value
}
