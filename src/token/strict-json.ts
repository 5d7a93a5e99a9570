/**
 * JSON objects from tokens, read so that no other reader can see something else in them.
 *
 * The rules are: UTF-8 without exception and without a byte order mark; an object at the top; no member name twice in
 * an object (RFC 7519 section 4 lets a parser choose, so a chooser behind us could choose otherwise); no lone
 * surrogates; nesting is bounded.
 */

const maxDepth = 32
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The object, or undefined when the bytes are not one by the rules above. Never throws. */
export function parseJsonObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const text = decoder.decode(bytes)
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return isUnambiguous(text) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined // Fail closed: bad UTF-8 or bad JSON.
  }
}

/** Walks text that is known to be valid JSON and checks what JSON.parse forgives. */
function isUnambiguous(text: string): boolean {
  const scopes: (Set<string> | undefined)[] = [] // One entry a level: the names of an object, undefined for an array.
  let isName = false
  for (let i = 0; i < text.length; i++) {
    switch (text[i]) {
      case '"': {
        const end = endOfString(text, i)
        const names = scopes.at(-1)
        if (text.slice(i, end).includes('\\u') || (isName && names !== undefined)) {
          const value = JSON.parse(text.slice(i, end)) as string
          if (!value.isWellFormed()) return false
          if (isName && names !== undefined) {
            if (names.has(value)) return false
            names.add(value)
          }
        }
        i = end - 1
        break
      }
      case '{':
        scopes.push(new Set())
        isName = true
        break
      case '[':
        scopes.push(undefined)
        isName = false
        break
      case '}':
      case ']':
        scopes.pop()
        break
      case ',':
        isName = scopes.at(-1) !== undefined
        break
      case ':':
        isName = false
        break
      default:
    }
    if (scopes.length > maxDepth) return false
  }
  return true
}

function endOfString(text: string, start: number): number {
  let i = start + 1
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1
  return i + 1
}
