/**
 * JSON objects from others, read so that no other reader can see something else in them.
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

/** The names of an object so far; undefined for an array. */
type Level = Set<string> | undefined

/** Walks text that is known to be valid JSON and checks what JSON.parse forgives. */
function isUnambiguous(text: string): boolean {
  const levels: Level[] = []
  let isName = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (character === '"') {
      const end = endOfString(text, i)
      if (!isStringGood(text.slice(i, end), isName ? levels.at(-1) : undefined)) return false
      i = end - 1
    } else if (character === '{' || character === '[') {
      levels.push(character === '{' ? new Set() : undefined)
      if (levels.length > maxDepth) return false
      isName = character === '{'
    } else if (character === '}' || character === ']') {
      levels.pop()
    } else if (character === ',') {
      isName = levels.at(-1) !== undefined
    } else if (character === ':') {
      isName = false
    }
  }
  return true
}

/** Checks one string token with its quotes; `names` are those it must not repeat, when it is a member's name. */
function isStringGood(token: string, names: Level): boolean {
  if (names === undefined && !token.includes('\\u')) return true
  const value = JSON.parse(token) as string
  if (!value.isWellFormed() || names?.has(value) === true) return false
  names?.add(value)
  return true
}

function endOfString(text: string, start: number): number {
  let i = start + 1
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1
  return i + 1
}
