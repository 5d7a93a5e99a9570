/**
 * How much of what an issuer says counts here: its names become ours, and what we did not grant to it is not there.
 *
 * The rules are:
 *   - mapping comes first, the cap last: a name that the cap leaves out is nowhere, however it came about;
 *   - names are compared whole and with case, and none has a wildcard;
 *   - the claims change as well, in the places where the issuer keeps these names, so that conditions, upstream headers
 *     and metadata see what the decision sees;
 *   - a place that holds anything but a text or a list of texts is taken away: nobody knows what it would grant.
 */
import {
  namesAt,
  pointerOf,
  type ClaimNames,
  type JsonPointer,
  type NameKind,
  type NamePlace,
} from '../policy/index.js'

/** What counts of the names of one kind. */
export interface NameLimit {
  /** The only names that count; undefined for every name. */
  readonly grantable: ReadonlySet<string> | undefined
  /** What the issuer's own names mean here; a name that is not in it keeps its meaning. */
  readonly renamed: ReadonlyMap<string, readonly string[]> | undefined
}

/** The limits of an issuer, by kind; a missing kind has none. */
export type GrantLimits = Readonly<Partial<Record<NameKind, NameLimit | undefined>>>

/**
 * The names that count of those that a token has, in their order. Without a limit all of them. A doubt about what the token
 * has stays a doubt. Never throws.
 */
export function limitNames(granted: ClaimNames, limit: NameLimit | undefined): ClaimNames {
  if (limit === undefined) return granted
  const { grantable, renamed } = limit
  const counted = new Set<string>()
  for (const name of granted.names) {
    for (const ours of renamed?.get(name) ?? [name]) {
      if (grantable === undefined || grantable.has(ours)) counted.add(ours)
    }
  }
  return { ...granted, names: counted, has: (name) => counted.has(name) }
}

/**
 * The claims with only such names at the given places as count: a text stays a text, and everything else becomes a list of
 * names; what has none left is taken away. Gives the same claims back where there is no limit. Never throws.
 */
export function limitClaims(
  claims: Readonly<Record<string, unknown>>,
  places: readonly NamePlace[],
  limit: NameLimit | undefined,
): Readonly<Record<string, unknown>> {
  if (limit === undefined) return claims
  let limited: unknown = claims
  for (const place of places) {
    const names = [...limitNames(namesAt(claims, [place]), limit).names]
    limited = replaceAt(limited, pointerOf(place), (value) => {
      if (names.length === 0) return undefined
      return typeof value === 'string' ? names.join(' ') : names
    })
  }
  return limited as Readonly<Record<string, unknown>>
}

/** A copy in which the value at a place is another one, or gone; the very same document where there is none. */
function replaceAt(
  document: unknown,
  [name, ...rest]: JsonPointer,
  replace: (value: unknown) => unknown,
): unknown {
  if (typeof document !== 'object' || document === null) return document
  if (name === undefined || !Object.hasOwn(document, name)) return document
  const before = (document as Record<string, unknown>)[name]
  const after = rest.length === 0 ? replace(before) : replaceAt(before, rest, replace)
  // An item that is gone leaves a hole, so that the places of the others stay what they were.
  if (Array.isArray(document)) {
    return document.map((item: unknown, index) => (String(index) === name ? (after ?? null) : item))
  }
  const others = Object.entries(document).filter(([key]) => key !== name)
  // fromEntries, because an assignment to `__proto__` would not make a member.
  return Object.fromEntries(after === undefined ? others : [...others, [name, after]])
}
