/** Paths, routes and what they demand: everything the operator's policy says, without clock, network or token. Pure. */
export { canonicalPath } from './canonical-path.js'
export type { CanonicalPath } from './canonical-path.js'
export { canonicalHost } from './canonical-host.js'
export { isCanonicalMethod } from './canonical-method.js'
export { isExactNumber, parseJsonPointer, resolveJsonPointer } from './json-pointer.js'
export type { JsonPointer } from './json-pointer.js'
export { anyLabelBefore, parseHostPattern } from './host-pattern.js'
export { callerClaims, isActorAccepted, subjectTypeOf } from './caller.js'
export type { SubjectTypeRule } from './caller.js'
export { unmetBinding } from './route-bindings.js'
export type { BoundText, RouteBindings } from './route-bindings.js'
export { parseRoutePattern } from './route-pattern.js'
export type { RoutePattern } from './route-pattern.js'
export { compilePolicy } from './policy.js'
export type { Policy, RouteSelection } from './policy.js'
export type { RouteEntry } from './route-table.js'
export { elsewhereClaims, namesAt, pointerOf } from './claim-names.js'
export { createImplyScopes, findCircle, hasWildcard } from './scope-implication.js'
export type { ImplyScopes, ScopeHierarchy } from './scope-implication.js'
export type { ClaimNames, ClaimShape, NamePlace } from './claim-names.js'
export { nameKinds, requiredNames, unmetRequirement } from './requirement.js'
export type {
  Grant,
  NameExpression,
  NameKind,
  Requirement,
  UnmetRequirement,
} from './requirement.js'
export type { ProtectedResource, Route } from './route.js'
export { maxHyphens, requestOverrideHeaders, underscoreTwins } from './managed-headers.js'
