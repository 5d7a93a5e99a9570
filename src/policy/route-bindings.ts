/**
 * Values of a request that a token must have: `{path.NAME}` and `{host.NAME}` in conditions and audiences (ADR 0023), so
 * that the token of one organisation never opens the path of another.
 *
 * The rules are:
 *   - a variable is a whole segment of the route's own path, or the first label of a host of its resource;
 *   - a value with percent-encoding is no value: one upstream would decode it and another would not;
 *   - a text has one variable at most, so that two requests never give one text;
 *   - compared as texts, whole and with case; a claim that is no text matches nothing;
 *   - a request that the route's path and hosts do not describe has no values, also where a proxy chose the route.
 */
import { resolveJsonPointer, type JsonPointer } from './json-pointer.js'
import type { RoutePattern } from './route-pattern.js'

/** A text with the value of one variable in it. */
export interface BoundText {
  readonly before: string
  readonly variable: 'host' | { readonly segment: number }
  readonly after: string
}

/** What the request decides about on a route. */
export interface RouteBindings {
  readonly conditions: readonly { readonly claim: JsonPointer; readonly equals: BoundText }[]
  /** In place of the audiences of the resource; empty where those count. */
  readonly audiences: readonly BoundText[]
  readonly pattern: RoutePattern
  /** What follows the named label in the hosts of the resource. */
  readonly hostSuffixes: ReadonlySet<string>
}

/** A token as far as bindings ask for it. */
export interface BoundToken {
  readonly audiences: readonly string[]
  readonly claims: unknown
}

/**
 * Why a token is not for this request, or undefined when it is. Takes a canonical host and path. Does not look at what
 * the route demands besides. Never throws.
 */
export function unmetBinding(
  bindings: RouteBindings,
  token: BoundToken,
  host: string,
  path: string,
): 'wrong_audience' | 'claim_mismatch' | undefined {
  const segments = matchingSegments(bindings.pattern, path)
  const label = namedLabel(bindings.hostSuffixes, host)
  const textOf = ({ before, variable, after }: BoundText): string | undefined => {
    const value = variable === 'host' ? label : segments?.[variable.segment]
    // Fail closed: no value, or one with two meanings.
    return value === undefined || value === '' || value.includes('%')
      ? undefined
      : before + value + after
  }
  const { audiences, conditions } = bindings
  const isForAudience = (audience: BoundText): boolean => {
    const text = textOf(audience)
    return text !== undefined && token.audiences.includes(text)
  }
  if (audiences.length > 0 && !audiences.some(isForAudience)) return 'wrong_audience'
  for (const { claim, equals } of conditions) {
    const text = textOf(equals)
    if (text === undefined || resolveJsonPointer(token.claims, claim) !== text) {
      return 'claim_mismatch'
    }
  }
  return undefined
}

/** The segments of a path, or undefined when the pattern does not take it. */
function matchingSegments(pattern: RoutePattern, path: string): readonly string[] | undefined {
  if (!path.startsWith('/')) return undefined
  const segments = path.slice(1).split('/')
  const isOpen = pattern.at(-1)?.kind === 'rest'
  const fits = isOpen ? segments.length >= pattern.length : segments.length === pattern.length
  return fits &&
    pattern.every(({ kind, ...of }, index) =>
      kind === 'literal' ? 'text' in of && of.text === segments[index] : true,
    )
    ? segments
    : undefined
}

function namedLabel(suffixes: ReadonlySet<string>, host: string): string | undefined {
  const dot = host.indexOf('.')
  return dot > 0 && suffixes.has(host.slice(dot + 1)) ? host.slice(0, dot) : undefined
}
