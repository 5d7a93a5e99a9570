/** Paths, routes and what they demand: everything the operator's policy says, without clock, network or token. Pure. */
export { canonicalPath } from './canonical-path.js'
export type { CanonicalPath } from './canonical-path.js'
export { canonicalHost } from './canonical-host.js'
export { isCanonicalMethod } from './canonical-method.js'
export { parseJsonPointer, resolveJsonPointer } from './json-pointer.js'
export type { JsonPointer } from './json-pointer.js'
export { parseRoutePattern, patternShape } from './route-pattern.js'
export type { PatternSegment, RoutePattern, RoutePatternParse } from './route-pattern.js'
export { compilePolicy } from './policy.js'
export type { Policy, RouteSelection } from './policy.js'
export type { RouteConflict, RouteEntry } from './route-table.js'
export { requiredNames, unmetRequirement } from './requirement.js'
export type {
  ClaimCondition,
  Grant,
  NameExpression,
  Requirement,
  UnmetRequirement,
} from './requirement.js'
export type { ProtectedResource, Route, UpstreamHeader } from './route.js'
export { maxHyphens, requestOverrideHeaders, underscoreTwins } from './managed-headers.js'
