/** Who may call a route: delegation and subject type, of the route or else of its resource; and how an issuer says it. */
import { parseJsonPointer, type Route, type SubjectTypeRule } from '../policy/index.js'
import type {
  DelegationInput,
  ResourceParts,
  RouteInput,
  SubjectTypeInput,
} from './config-input.js'
import type { ConfigPath, Finding } from './problem.js'

/** The part of a route that is about its callers; adds to `findings` what is wrong. */
export function compileCaller(
  resource: ResourceParts,
  route: RouteInput,
  path: ConfigPath,
  findings: Finding[],
): Pick<Route, 'delegation' | 'subjectType'> {
  if (route.access === 'public') {
    for (const key of ['delegation', 'subjectType'] as const) {
      if (route[key] === undefined) continue
      findings.push({
        path: [...path, key],
        atKey: true,
        message: `${key} has no meaning on a public route, which looks at no token`,
      })
    }
    return {}
  }
  const delegation = route.delegation ?? resource.delegation
  const subjectType = route.subjectType ?? resource.subjectType
  return {
    ...(delegation === undefined ? {} : { delegation: actorsOf(delegation) }),
    ...(subjectType === undefined ? {} : { subjectType }),
  }
}

/** An issuer's own rule on who the subject is. */
export function compileSubjectType(input: SubjectTypeInput): SubjectTypeRule {
  return {
    claim: parseJsonPointer(input.claim) ?? [],
    user: new Set(input.user),
    client: new Set(input.client),
    absent: input.absent,
  }
}

function actorsOf(input: DelegationInput): NonNullable<Route['delegation']> {
  return typeof input === 'string' ? input : { actors: new Set(input.actors) }
}
