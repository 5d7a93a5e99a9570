/** The end of a block of Lua: braces that are neither in a string nor in a comment. */

/** The offset behind the brace that closes the block whose content starts at `from`; undefined if none does. */
export function skipLua(source: string, from: number): number | undefined {
  let depth = 1
  let offset = from
  while (offset < source.length) {
    const character = source[offset] ?? ''
    const quotedEnd = endOfQuoted(source, offset, character)
    if (quotedEnd !== undefined) {
      offset = quotedEnd
      continue
    }
    offset++
    if (character === '{') depth++
    else if (character === '}' && --depth === 0) return offset
  }
  return undefined
}

/** The offset behind the string or comment that starts here, if one does. */
function endOfQuoted(source: string, offset: number, character: string): number | undefined {
  const isComment = source.startsWith('--', offset)
  const long = longBracket(source, isComment ? offset + 2 : offset)
  if (long !== undefined) return behind(source, long.close, long.start)
  if (isComment) return behind(source, '\n', offset)
  if (character !== '"' && character !== "'") return undefined
  for (let at = offset + 1; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === character) return at + 1
  }
  return source.length
}

/** `[[`, `[=[` and so on: what closes it. */
function longBracket(
  source: string,
  offset: number,
): { readonly start: number; readonly close: string } | undefined {
  if (source[offset] !== '[') return undefined
  let start = offset + 1
  while (source[start] === '=') start++
  if (source[start] !== '[') return undefined
  return { start: start + 1, close: `]${'='.repeat(start - offset - 1)}]` }
}

function behind(source: string, text: string, from: number): number {
  const found = source.indexOf(text, from)
  return found < 0 ? source.length : found + text.length
}
