/**
 * The names that a token grants at some place of its claims: scopes, permissions, roles, groups, entitlements.
 *
 * The rules are:
 *   - a name is a text that is not empty, taken whole: nothing is trimmed, folded or cut (RFC 6749 section 3.3);
 *   - a value is read in the one shape that its place has; only `auto` takes two, the text and the list;
 *   - own members only, so that `__proto__` and `constructor` name nothing that the token does not say;
 *   - what cannot be read, or is said to be elsewhere, grants nothing, and might be a name that somebody forbids: the set is then incomplete;
 *   - names are bounded in number and length; what is beyond is not read, and the set is incomplete.
 */
import { resolveJsonPointer, type JsonPointer } from './json-pointer.js'
import type { NameSet } from './requirement.js'

/**
 * How names are written. `auto`: a text of names with spaces between them, or a list of names. `string`: one name, with
 * its spaces. `array`: a list of names. `objectKeys`: the member names of an object, whatever their values are. `scim`:
 * a list of objects with the name in `value` (RFC 7643 section 2.4), or of names.
 */
export type ClaimShape = 'auto' | 'string' | 'array' | 'objectKeys' | 'scim'

/** A place with a shape of its own, and what is put before each name that is found there. */
export interface ShapedPlace {
  readonly pointer: JsonPointer
  readonly shape: ClaimShape
  readonly prefix: string
}

/** Where names are. A pointer alone is a place of the shape `auto` without prefix. */
export type NamePlace = JsonPointer | ShapedPlace

/** The names of a token, before scopes imply others. */
export interface ClaimNames extends NameSet {
  /** In the order of the token. */
  readonly names: ReadonlySet<string>
}

/** Claims by which a token says that others are somewhere else. */
export const elsewhereClaims = ['_claim_names', 'hasgroups'] as const

const maxNames = 16_384
const maxNameLength = 1_024

/** The pointer of a place. */
export function pointerOf(place: NamePlace): JsonPointer {
  return 'pointer' in place ? place.pointer : place
}

/** The names at all the places together. Never throws. */
export function namesAt(claims: unknown, places: readonly NamePlace[]): ClaimNames {
  const names = new Set<string>()
  let isComplete = true
  for (const place of places) {
    const value = resolveJsonPointer(claims, pointerOf(place))
    if (value === undefined || value === null) continue
    const { shape, prefix } = 'pointer' in place ? place : { shape: 'auto' as const, prefix: '' }
    const candidates = readers[shape](value)
    isComplete &&= candidates !== undefined
    for (const candidate of candidates ?? []) {
      if (candidate === '') continue
      if (!isName(candidate) || names.size >= maxNames) isComplete = false
      else names.add(`${prefix}${candidate}`)
    }
  }
  if (places.some((place) => isElsewhere(claims, pointerOf(place)))) isComplete = false
  const has = (name: string): boolean => names.has(name)
  return isComplete ? { names, has } : { names, has, mayHave: () => true }
}

/**
 * Whether the token says that a claim is somewhere else (OpenID Connect Core section 5.6.2), as Entra does with more groups
 * than fit into a token. `hasgroups` is how it says so in tokens of the implicit flow.
 */
function isElsewhere(claims: unknown, [name]: JsonPointer): boolean {
  if (name === undefined) return false
  const isLeftOut = name === 'groups' && resolveJsonPointer(claims, ['hasgroups']) !== undefined
  return isLeftOut || resolveJsonPointer(claims, ['_claim_names', name]) !== undefined
}

/** What may be names in a value that is there; undefined when it has not the shape. */
const readers: Readonly<Record<ClaimShape, (value: unknown) => readonly unknown[] | undefined>> = {
  auto: (value) => (typeof value === 'string' ? value.split(' ') : listOf(value)),
  string: (value) => (typeof value === 'string' ? [value] : undefined),
  array: listOf,
  objectKeys: (value) =>
    typeof value === 'object' && !Array.isArray(value) ? Object.keys(value ?? {}) : undefined,
  scim: (value) => listOf(value)?.map(scimName),
}

function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined
}

function scimName(item: unknown): unknown {
  return typeof item === 'string' ? item : resolveJsonPointer(item, ['value'])
}

function isName(candidate: unknown): candidate is string {
  return typeof candidate === 'string' && candidate.length <= maxNameLength
}
