/**
 * What a route demands of an access token: scopes, permissions, roles and claims.
 *
 * The rules are:
 *   - names are compared whole and with case (RFC 6749 section 3.3): `read` never matches `read:all`;
 *   - all demands must hold; the first kind that fails gives the reason, scopes first;
 *   - `none` holds only where it is certain: a name that a token may have, by the widest reading, breaks it;
 *   - claims compare by value and type, and only with strings, numbers and booleans.
 */
import { isExactNumber, type JsonPointer, resolveJsonPointer } from './json-pointer.js'

/** A demand on a set of names: one name, or a combination of demands. */
export type NameExpression =
  | string
  | { readonly all: readonly NameExpression[] }
  | { readonly any: readonly NameExpression[] }
  | { readonly none: readonly NameExpression[] }

/** One claim and the value it must have. */
export interface ClaimCondition {
  readonly claim: JsonPointer
  readonly equals: string | number | boolean
}

/** The kinds of names that a route can demand, in the order in which they are looked at. */
export type NameKind = 'scopes' | 'permissions' | 'roles' | 'groups' | 'entitlements'

/** Everything a route demands; a missing part demands nothing. */
export interface Requirement extends Readonly<Partial<Record<NameKind, NameExpression>>> {
  readonly claims?: readonly ClaimCondition[]
}

/** Names that are granted. */
export interface NameSet {
  /** Whether the name is granted for certain. */
  has(name: string): boolean
  /** Whether the name may be granted, by the widest reading. Left out where it is what `has` says. */
  readonly mayHave?: (name: string) => boolean
}

/** What a verified access token grants. A kind that is left out grants nothing. */
export interface Grant extends Readonly<Partial<Record<NameKind, NameSet>>> {
  readonly claims: unknown
}

/** Every kind, scopes first. */
export const nameKinds: readonly NameKind[] = [
  'scopes',
  'permissions',
  'roles',
  'groups',
  'entitlements',
]

const noNames: NameSet = new Set<string>()

/** Which kind of demand was not met. */
export type UnmetRequirement = 'insufficient_scope' | 'insufficient_role' | 'claim_mismatch'

/** The first unmet kind of demand, or undefined when the grant meets the requirement. Does not verify the grant. */
export function unmetRequirement(
  requirement: Requirement,
  grant: Grant,
): UnmetRequirement | undefined {
  for (const kind of nameKinds) {
    const demand = requirement[kind]
    if (demand === undefined || isMet(demand, grant[kind] ?? noNames)) continue
    return kind === 'scopes' ? 'insufficient_scope' : 'insufficient_role'
  }
  for (const { claim, equals } of requirement.claims ?? []) {
    const found = resolveJsonPointer(grant.claims, claim)
    if (found !== equals) return 'claim_mismatch'
    if (typeof found === 'number' && !isExactNumber(found)) return 'claim_mismatch' // Fail closed: it was rounded.
  }
  return undefined
}

/** Whether the names satisfy the expression. `none` holds when no part of it may hold. */
export function isMet(expression: NameExpression, names: NameSet): boolean {
  return holds(expression, names, false)
}

/** By the widest reading of the names, or for certain. Under `none` one becomes the other. */
function holds(expression: NameExpression, names: NameSet, isWide: boolean): boolean {
  if (typeof expression === 'string') {
    return isWide && names.mayHave !== undefined ? names.mayHave(expression) : names.has(expression)
  }
  if ('all' in expression) return expression.all.every((part) => holds(part, names, isWide))
  if ('any' in expression) return expression.any.some((part) => holds(part, names, isWide))
  return !expression.none.some((part) => holds(part, names, !isWide))
}

/**
 * The names to ask an authorization server for: every one of `all`, the first alternative of `any`, none of `none`.
 * In the order of the configuration, without repetition, so that a client gets one stable scope to request.
 */
export function requiredNames(expression: NameExpression): readonly string[] {
  if (typeof expression === 'string') return [expression]
  if ('all' in expression) return [...new Set(expression.all.flatMap(requiredNames))]
  if ('any' in expression) {
    const first = expression.any[0]
    return first === undefined ? [] : requiredNames(first)
  }
  return []
}
