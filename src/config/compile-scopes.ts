/** What scopes imply, out of `scopeHierarchy` and `scopeWildcards`, and what is wrong with that. */
import {
  createImplyScopes,
  findCircle,
  hasWildcard,
  type ImplyScopes,
  type NameExpression,
  type Route,
  type ScopeHierarchy,
} from '../policy/index.js'
import type { ConfigParts } from './config-input.js'
import type { ConfigPath, Finding } from './problem.js'

/** The implication for the scopes of every issuer; adds to `findings` what is wrong. */
export function compileScopes(
  { scopeHierarchy = {}, scopeWildcards }: Pick<ConfigParts, 'scopeHierarchy' | 'scopeWildcards'>,
  routes: readonly { readonly route: Route; readonly path: ConfigPath }[],
  findings: Finding[],
): ImplyScopes {
  const hierarchy: ScopeHierarchy = new Map(Object.entries(scopeHierarchy))
  const circle = findCircle(hierarchy)
  if (circle !== undefined) {
    findings.push({
      path: ['scopeHierarchy', circle[0] ?? ''],
      atKey: true,
      message: `scopes imply each other in a circle: ${circle.join(' → ')}`,
      hint: 'a scope implies weaker ones; those that are equal are one scope',
    })
  }
  const separator = scopeWildcards?.separator
  if (separator !== undefined) {
    for (const { route, path } of routes) {
      const scope = namesOf(route.requirement.scopes).find((name) => hasWildcard(name, separator))
      if (scope === undefined) continue
      findings.push({
        path,
        message: `route "${route.id}" demands "${scope}", and a wildcard is for what is granted`,
        hint: 'name the scopes that the route needs, such as { any: [orders:read, orders:write] }',
      })
    }
  }
  return createImplyScopes(hierarchy, separator)
}

/** Every name of an expression. */
function namesOf(expression: NameExpression | undefined): readonly string[] {
  if (expression === undefined) return []
  return typeof expression === 'string'
    ? [expression]
    : Object.values(expression).flatMap((parts: readonly NameExpression[]) =>
        parts.flatMap(namesOf),
      )
}
