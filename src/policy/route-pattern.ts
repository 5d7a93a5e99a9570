/**
 * Path patterns: what a route's `path` means.
 *
 * The rules are:
 *   - literal segments, `{name}` or `*` for one segment that is not empty, `**` (last only) for the rest;
 *   - the rest is at least one segment, which may be empty: `/me/**` takes `/me/` and `/me/a/b`, not `/me`;
 *   - nothing is folded: case and a trailing slash count.
 */
import { canonicalPath } from './canonical-path.js'

/** One segment of a pattern. */
export type PatternSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'one'; readonly name: string | undefined }
  | { readonly kind: 'rest' }

/** A parsed path pattern. */
export type RoutePattern = readonly PatternSegment[]

/** A pattern, or a sentence on what is wrong with it and one on the mend. */
export type RoutePatternParse =
  | { readonly kind: 'pattern'; readonly pattern: RoutePattern }
  | { readonly kind: 'problem'; readonly message: string; readonly hint: string }

const variable = /^\{([A-Za-z_][A-Za-z0-9_]*)\}$/

/** Parses a path pattern of the configuration. Never throws. */
export function parseRoutePattern(text: string): RoutePatternParse {
  if (!text.startsWith('/')) {
    return problem(`path "${text}" does not start with a slash`, `write "/${text}"`)
  }
  const pattern: PatternSegment[] = []
  const names = new Set<string>()
  const parts = text.slice(1).split('/')
  for (const [index, part] of parts.entries()) {
    const segment = parseSegment(part)
    if (segment === undefined) {
      return problem(
        `segment "${part}" of path "${text}" mixes a wildcard with text`,
        'a wildcard ({name}, * or **) is a whole segment',
      )
    }
    if (segment.kind === 'rest' && index !== parts.length - 1) {
      return problem(`"**" in path "${text}" is not the last segment`, 'use * for one segment')
    }
    if (segment.kind === 'one' && segment.name !== undefined) {
      if (names.has(segment.name)) {
        return problem(`path "${text}" names {${segment.name}} twice`, 'give each its own name')
      }
      names.add(segment.name)
    }
    pattern.push(segment)
  }
  return literalsAreCanonical(pattern)
    ? { kind: 'pattern', pattern }
    : problem(
        `no request can match path "${text}": it is not in canonical form`,
        'no query, no //, no dot segments, no ";"; percent-encoding in upper case and only where it is needed',
      )
}

function parseSegment(part: string): PatternSegment | undefined {
  if (part === '**') return { kind: 'rest' }
  if (part === '*') return { kind: 'one', name: undefined }
  const name = variable.exec(part)?.[1]
  if (name !== undefined) return { kind: 'one', name }
  return /[{}*]/.test(part) ? undefined : { kind: 'literal', text: part }
}

function literalsAreCanonical(pattern: RoutePattern): boolean {
  const path = pattern
    .map((segment) => `/${segment.kind === 'literal' ? segment.text : 'x'}`)
    .join('')
  if (path.includes('?')) return false
  const canonical = canonicalPath(path)
  return canonical.kind === 'path' && canonical.path === path
}

function problem(message: string, hint: string): RoutePatternParse {
  return { kind: 'problem', message, hint }
}
