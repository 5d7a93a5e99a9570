/**
 * The scopes that a token has because of others that it was granted (ADR 0023).
 *
 * The rules are:
 *   - the operator's hierarchy is followed to its end: who holds `admin` holds what it implies, and what that implies;
 *   - with wildcards on, a segment `*` of a granted scope stands for exactly one segment that is not empty; the first
 *     segment is never a wildcard, so that no token says "everything";
 *   - a wildcard also holds what the scopes that it covers imply;
 *   - only a granted scope has wildcards: what a route demands is taken as it is written;
 *   - `none` reads a wildcard as wide as anybody might: any segment of it, the last one for all that follow.
 */
import type { ClaimNames } from './claim-names.js'
import type { NameSet } from './requirement.js'

/** What each scope implies, as the operator wrote it. */
export type ScopeHierarchy = ReadonlyMap<string, readonly string[]>

/** What separates the segments of a scope, when wildcards are on. */
export type ScopeSeparator = ':' | '.' | '/'

/** The scopes of a token, with all that they imply. To be given what is left of a token's scopes after every cap. */
export type ImplyScopes = (granted: ClaimNames) => NameSet

/** A circle of scopes that imply each other, its first at its end again; undefined where there is none. */
export function findCircle(hierarchy: ScopeHierarchy): readonly string[] | undefined {
  const done = new Set<string>()
  for (const start of hierarchy.keys()) {
    const circle = circleFrom(start, [], hierarchy, done)
    if (circle !== undefined) return circle
  }
  return undefined
}

/** Builds the implication; without hierarchy and wildcards it gives back what it is given. Computed once for a token. */
export function createImplyScopes(
  hierarchy: ScopeHierarchy,
  separator: ScopeSeparator | undefined,
): ImplyScopes {
  if (hierarchy.size === 0 && separator === undefined) return (granted) => granted
  const implying = [...hierarchy.keys()]

  /** What is held, and what the scopes imply that a wildcard covers only as it is read somewhere. */
  function heldByWidest(
    held: ReadonlySet<string>,
    wildcards: readonly (readonly string[])[],
    by: ScopeSeparator,
  ): ReadonlySet<string> {
    const isCovered = (name: string): boolean =>
      wildcards.some((wildcard) => mayCover(wildcard, name.split(by)))
    const wide = new Set([...held, ...implying.filter(isCovered)])
    for (const name of wide) for (const implied of hierarchy.get(name) ?? []) wide.add(implied)
    return wide
  }

  return (granted) => {
    const held = new Set(granted.names)
    const wildcards: (readonly string[])[] = []
    // A set that grows while it is walked is walked to its new end.
    for (const name of held) {
      for (const implied of hierarchy.get(name) ?? []) held.add(implied)
      if (separator === undefined || !hasWildcard(name, separator)) continue
      const wildcard = name.split(separator)
      wildcards.push(wildcard)
      for (const other of implying) if (covers(wildcard, other.split(separator))) held.add(other)
    }
    if (separator === undefined) return withDoubt((name) => held.has(name), granted.mayHave)
    const has = (name: string): boolean =>
      held.has(name) || wildcards.some((wildcard) => covers(wildcard, name.split(separator)))
    const wide = wildcards.length === 0 ? held : heldByWidest(held, wildcards, separator)
    const mayHave = (name: string): boolean =>
      granted.mayHave !== undefined ||
      wide.has(name) ||
      wildcards.some((wildcard) => mayCover(wildcard, name.split(separator)))
    return { has, mayHave }
  }
}

/** Whether a segment of the scope is a wildcard. */
export function hasWildcard(scope: string, separator: ScopeSeparator): boolean {
  return scope.includes('*') && scope.split(separator).includes('*')
}

function withDoubt(has: NameSet['has'], mayHave: NameSet['mayHave']): NameSet {
  return mayHave === undefined ? { has } : { has, mayHave }
}

/** Exactly one segment for each wildcard, and a literal in the first place. */
function covers(wildcard: readonly string[], name: readonly string[]): boolean {
  return (
    wildcard[0] !== '*' &&
    wildcard.length === name.length &&
    wildcard.every((segment, index) => segment === name[index] || isAny(segment, name[index]))
  )
}

function isAny(segment: string, of: string | undefined): boolean {
  return segment === '*' && of !== undefined && of !== '' && of !== '*'
}

/** Every reading that is in use somewhere, the one in which a last `*` takes all that follows among them. */
function mayCover(wildcard: readonly string[], name: readonly string[]): boolean {
  const isOpen = wildcard.at(-1) === '*' && name.length >= wildcard.length - 1
  return (
    (isOpen || wildcard.length === name.length) &&
    wildcard.every((segment, index) => segment === '*' || segment === name[index])
  )
}

function circleFrom(
  scope: string,
  above: readonly string[],
  hierarchy: ScopeHierarchy,
  done: Set<string>,
): readonly string[] | undefined {
  const at = above.indexOf(scope)
  if (at >= 0) return [...above.slice(at), scope]
  if (done.has(scope)) return undefined
  for (const implied of hierarchy.get(scope) ?? []) {
    const circle = circleFrom(implied, [...above, scope], hierarchy, done)
    if (circle !== undefined) return circle
  }
  done.add(scope)
  return undefined
}
