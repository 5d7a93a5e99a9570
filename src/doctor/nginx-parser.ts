/**
 * The configuration language of NGINX: directives with arguments, and blocks.
 *
 * The rules are:
 *   - words end at white space, `;`, `{` and `}`; quotes keep them together, `\` takes the next character as it is, and
 *     `${name}` is one word with what is around it;
 *   - a block of Lua (`*_by_lua_block`) is no configuration: it is skipped, with its strings and comments;
 *   - every directive knows its place. What cannot be read is Unreadable, with the place.
 */
import type { Place } from './finding.js'
import { skipLua } from './lua-block.js'
import { Unreadable } from './unreadable.js'

/** A directive. */
export interface Directive {
  readonly name: string
  readonly args: readonly string[]
  readonly at: Place
  /** What is between its braces. */
  readonly block: readonly Directive[] | undefined
}

type Token =
  | { readonly kind: 'word'; readonly text: string; readonly offset: number }
  | { readonly kind: '{' | '}' | ';'; readonly offset: number }

const maxDepth = 100

/** Reads a file. Throws Unreadable and nothing else. */
export function parseNginx(source: string, file: string): readonly Directive[] {
  const placeAt = placesOf(source, file)
  const fail = (offset: number, message: string): Unreadable =>
    new Unreadable(placeAt(offset), message)
  let offset = 0

  function next(): Token | undefined {
    offset = skipSpace(source, offset)
    const start = offset
    const character = source[start]
    if (character === undefined) return undefined
    if (character === ';' || character === '{' || character === '}') {
      offset++
      return { kind: character, offset: start }
    }
    const word = readWord(source, start)
    if (word === undefined) throw fail(start, 'this quote is never closed')
    offset = word.end
    return { kind: 'word', text: word.text, offset: start }
  }

  function block(opened: number | undefined, depth: number): readonly Directive[] {
    if (depth > maxDepth) throw fail(opened ?? 0, 'blocks are nested too deeply')
    const directives: Directive[] = []
    for (;;) {
      const token = next()
      if (token === undefined) {
        if (opened === undefined) return directives
        throw fail(opened, 'this block is never closed')
      }
      if (token.kind === '}') {
        if (opened !== undefined) return directives
        throw fail(token.offset, 'there is no block to close here')
      }
      if (token.kind !== 'word') {
        throw fail(token.offset, `"${token.kind}" stands where a directive has to`)
      }
      directives.push(directive(token.text, token.offset, depth))
    }
  }

  function directive(name: string, start: number, depth: number): Directive {
    const args: string[] = []
    for (;;) {
      const token = next()
      if (token === undefined || token.kind === '}') {
        throw fail(start, `"${name}" does not end with ";"`)
      }
      const at = placeAt(start)
      if (token.kind === 'word') args.push(token.text)
      else if (token.kind === ';') return { name, args, at, block: undefined }
      else if (!name.endsWith('_by_lua_block')) {
        return { name, args, at, block: block(token.offset, depth + 1) }
      } else {
        const end = skipLua(source, offset)
        if (end === undefined) throw fail(token.offset, 'this block of Lua is never closed')
        offset = end
        return { name, args, at, block: undefined }
      }
    }
  }

  return block(undefined, 0)
}

function skipSpace(source: string, from: number): number {
  let offset = from
  for (;;) {
    while (/[\s\ufeff]/.test(source[offset] ?? '')) offset++
    if (source[offset] !== '#') return offset
    const end = source.indexOf('\n', offset)
    if (end < 0) return source.length
    offset = end
  }
}

function readWord(
  source: string,
  start: number,
): { readonly text: string; readonly end: number } | undefined {
  const first = source[start]
  const quote = first === '"' || first === "'" ? first : undefined
  let text = ''
  let offset = quote === undefined ? start : start + 1
  for (; offset < source.length; offset++) {
    const character = source[offset] ?? ''
    if (character === '\\') {
      text += escaped(source[offset + 1] ?? '')
      offset++
    } else if (quote !== undefined) {
      if (character === quote) return { text, end: offset + 1 }
      text += character
    } else if (character === '$' && source[offset + 1] === '{') {
      const end = source.indexOf('}', offset)
      if (end < 0) return undefined
      text += `$${source.slice(offset + 2, end)}`
      offset = end
    } else if (/[\s;{]/.test(character)) {
      return { text, end: offset }
    } else {
      text += character
    }
  }
  return quote === undefined ? { text, end: offset } : undefined
}

/** NGINX keeps the backslash in front of what needs none, as regular expressions want it. */
function escaped(character: string): string {
  if (/["'\\]/.test(character)) return character
  return { t: '\t', r: '\r', n: '\n' }[character] ?? `\\${character}`
}

function placesOf(source: string, file: string): (offset: number) => Place {
  const starts = [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)]
  return (offset) => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle
    }
    return { file, line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }
}
