/**
 * The decision on one request, in order: what was asked for, which route that is, who asks, what they may do.
 *
 * The rules are:
 *   - a route must match before credentials are looked at; no route is a denial;
 *   - a denial is a value and a fault is "unavailable": neither is ever an allow, and nothing is thrown;
 *   - nothing here knows a proxy, logs or counts;
 *   - nothing is awaited unless a key set has to be waited for or a signature to be verified.
 */
import { extractAccessToken } from '../bearer/index.js'
import { within } from '../deadline.js'
import { canonicalHost, canonicalPath, isCanonicalMethod, type Policy } from '../policy/index.js'
import type { ImplyScopes, Route } from '../policy/index.js'
import {
  PendingAuthentication,
  type Authenticate,
  type Authentication,
  type Clock,
} from '../token/index.js'
import { createAuthorize, type ClaimPointers } from './authorize.js'
import type { CheckRequest } from './check-request.js'
import type { Decision, Refusal } from './decision.js'
import { noIdentityHeaders } from './identity-headers.js'
import type { Reason } from './reason.js'
import { LabelRegistry, Refusals } from './refusals.js'
import type { Revocations } from './revocations.js'

/** Bounds of a check. */
export interface CheckLimits {
  readonly maxTokenBytes: number
  /** Longest wait for keys or signatures, whatever the proxy would allow. */
  readonly budgetMs: number
}

/** What a check needs from outside. */
export interface CheckDependencies {
  readonly policy: Policy
  readonly authenticate: Authenticate
  readonly claimPointers: ReadonlyMap<string, ClaimPointers>
  readonly revocations: Revocations
  /** What scopes imply; nothing when it is left out. */
  readonly implyScopes?: ImplyScopes
  readonly clock: Clock
  readonly limits: CheckLimits
  /** Shared by checks that follow each other, so that what they count under is the same; by default new ones. */
  readonly labels?: LabelRegistry
  /** Told about every fault that became an `internal_error`. */
  readonly onFault: (fault: unknown) => void
}

/** Decides on requests. */
export interface Check {
  /** The decision; a promise only when something had to be waited for. Never throws and never rejects. */
  (request: CheckRequest): Decision | Promise<Decision>
  /** The refusal for what never becomes a check request: bytes that cannot be read, a fault in a door. */
  readonly refuse: (reason: Reason) => Refusal
}

/** How much of the proxy's own time-out may be spent before the answer has to be on its way. */
const shareOfProxyTimeout = 0.8

/** Builds the check. */
export function createCheck(dependencies: CheckDependencies): Check {
  const {
    policy,
    authenticate,
    clock,
    limits,
    onFault,
    labels = new LabelRegistry(),
  } = dependencies
  const refusals = new Refusals(labels)
  const authorize = createAuthorize(
    dependencies.claimPointers,
    refusals,
    labels,
    dependencies.revocations,
    dependencies.implyScopes,
  )
  const publicAllows = new Map<Route, Decision>()

  function decide(request: CheckRequest): Decision | Promise<Decision> {
    const target = canonicalPath(request.target)
    if (target.kind === 'ambiguous') return refusals.get('ambiguous_path')
    const host = canonicalHost(request.host)
    if (host === undefined) return refusals.get('ambiguous_host')
    if (!isCanonicalMethod(request.method)) return refusals.get('malformed_request')

    const route = findRoute(request, host, target.path)
    if (route === undefined) return refusals.get('no_route')
    if (route.access === 'public') return allowPublic(route)

    const extraction = extractAccessToken(
      request.authorization,
      limits.maxTokenBytes,
      route.resource.allowsPaddedParts,
    )
    if (extraction.kind !== 'presented') return refusals.get(extraction.kind, route)

    const authentication = authenticate(extraction, route)
    return authentication instanceof PendingAuthentication
      ? wait(authentication, { route, host, path: target.path }, request.remainingMs)
      : conclude(authentication, route, host, target.path)
  }

  function findRoute(request: CheckRequest, host: string, path: string): Route | undefined {
    return request.selection === undefined
      ? policy.match(request.method, host, path)
      : policy.select(request.selection, request.method, path)
  }

  function conclude(
    authentication: Authentication,
    route: Route,
    host: string,
    path: string,
  ): Decision {
    switch (authentication.kind) {
      case 'verified':
        return authorize(authentication.token, route, host, path)
      case 'rejected':
        return refusals.get(authentication.reason, route, authentication.issuerId)
      case 'malformed_credentials':
        return refusals.get('malformed_credentials', route)
      case 'overloaded':
        return refusals.get('overloaded', route, authentication.issuerId)
      case 'unavailable':
        return refusals.get('keys_unavailable', route, authentication.issuerId)
      case 'introspection_unavailable':
        return refusals.get('introspection_unavailable', route, authentication.issuerId)
    }
  }

  async function wait(
    pending: PendingAuthentication,
    { route, host, path }: { route: Route; host: string; path: string },
    remainingMs: () => number,
  ): Promise<Decision> {
    if (!pending.join()) {
      pending.result.catch(onFault)
      return refusals.get('overloaded', route)
    }
    try {
      const budgetMs = Math.min(limits.budgetMs, remainingMs() * shareOfProxyTimeout)
      const result = await within(clock, budgetMs, pending.result, undefined)
      return result === undefined
        ? refusals.get('deadline', route)
        : conclude(result, route, host, path)
    } catch (fault) {
      return failed(fault)
    } finally {
      pending.leave()
    }
  }

  function allowPublic(route: Route): Decision {
    let decision = publicAllows.get(route)
    if (decision === undefined) {
      decision = {
        outcome: 'allow',
        labels: labels.get('allow', 'none', route, undefined),
        route,
        principal: undefined,
        identityHeaders: noIdentityHeaders,
        answers: undefined,
      }
      publicAllows.set(route, decision)
    }
    return decision
  }

  function failed(fault: unknown): Decision {
    onFault(fault)
    return refusals.get('internal_error') // Fail closed: a bug of ours is never an allow.
  }

  function check(request: CheckRequest): Decision | Promise<Decision> {
    try {
      return decide(request)
    } catch (fault) {
      return failed(fault)
    }
  }
  return Object.assign(check, { refuse: (reason: Reason) => refusals.get(reason) })
}
