/**
 * What a route demands of an access token: scopes, permissions, roles and claims.
 *
 * The rules are:
 *   - names are compared whole and with case (RFC 6749 section 3.3): `read` never matches `read:all`;
 *   - all demands must hold; the first kind that fails gives the reason, scopes first;
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

/** Everything a route demands; a missing part demands nothing. */
export interface Requirement {
  readonly scopes?: NameExpression
  readonly permissions?: NameExpression
  readonly roles?: NameExpression
  readonly claims?: readonly ClaimCondition[]
}

/** What a verified access token grants. */
export interface Grant {
  readonly scopes: ReadonlySet<string>
  readonly permissions: ReadonlySet<string>
  readonly roles: ReadonlySet<string>
  readonly claims: unknown
}

/** Which kind of demand was not met. */
export type UnmetRequirement = 'insufficient_scope' | 'insufficient_role' | 'claim_mismatch'

/** The first unmet kind of demand, or undefined when the grant meets the requirement. Does not verify the grant. */
export function unmetRequirement(
  requirement: Requirement,
  grant: Grant,
): UnmetRequirement | undefined {
  const { scopes, permissions, roles, claims = [] } = requirement
  if (scopes !== undefined && !isMet(scopes, grant.scopes)) return 'insufficient_scope'
  if (permissions !== undefined && !isMet(permissions, grant.permissions)) {
    return 'insufficient_role'
  }
  if (roles !== undefined && !isMet(roles, grant.roles)) return 'insufficient_role'
  for (const { claim, equals } of claims) {
    const found = resolveJsonPointer(grant.claims, claim)
    if (found !== equals) return 'claim_mismatch'
    if (typeof found === 'number' && !isExactNumber(found)) return 'claim_mismatch' // Fail closed: it was rounded.
  }
  return undefined
}

/** Whether the names satisfy the expression. `none` holds when no part of it does. */
export function isMet(expression: NameExpression, names: ReadonlySet<string>): boolean {
  if (typeof expression === 'string') return names.has(expression)
  if ('all' in expression) return expression.all.every((part) => isMet(part, names))
  if ('any' in expression) return expression.any.some((part) => isMet(part, names))
  return !expression.none.some((part) => isMet(part, names))
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
