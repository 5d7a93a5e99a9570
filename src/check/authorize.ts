/**
 * What a verified access token may do on a route. Decided once for a token and a route, and remembered for as long as
 * the token itself is. Whether the token is revoked is never remembered: it is asked every time, before all else.
 */
import {
  resolveJsonPointer,
  unmetRequirement,
  type Grant,
  type JsonPointer,
  type Route,
} from '../policy/index.js'
import type { VerifiedAccessToken } from '../token/index.js'
import type { Decision, Principal } from './decision.js'
import { limitClaims, limitNames, type GrantLimits } from './grant-limits.js'
import { identityHeaders } from './identity-headers.js'
import type { LabelRegistry, Refusals } from './refusals.js'
import type { Reason } from './reason.js'
import type { Revocations, TokenIdentifiers } from './revocations.js'

/** Where an issuer keeps what policy asks for, in order; all places count, for the client the first with a value. */
export interface ClaimPointers {
  readonly scopes: readonly JsonPointer[]
  readonly permissions: readonly JsonPointer[]
  readonly roles: readonly JsonPointer[]
  readonly client: readonly JsonPointer[]
  /** How much of it counts; undefined for all of it. */
  readonly limits?: GrantLimits | undefined
}

interface TokenMemory {
  /** As it was verified; the principal's token has only those claims that count. */
  readonly verified: VerifiedAccessToken
  readonly principal: Principal
  readonly grant: Grant
  readonly decisions: Map<Route, Decision>
  /** Made when somebody first asks whether the token is revoked. */
  identifiers: TokenIdentifiers | undefined
  revoked: Map<Route, Decision> | undefined
}

/** A token that visits more routes than this is decided anew now and then, so that its memory stays small. */
const maxDecisionsPerToken = 4

/** Decides by revocation, issuer, audience, sender constraint and requirement. Never throws, never waits. */
export function createAuthorize(
  pointersByIssuer: ReadonlyMap<string, ClaimPointers>,
  refusals: Refusals,
  labels: LabelRegistry,
  revocations: Revocations,
): (token: VerifiedAccessToken, route: Route) => Decision {
  const memories = new WeakMap<VerifiedAccessToken, TokenMemory>()

  return function authorize(token, route) {
    let memory = memories.get(token)
    if (memory === undefined) {
      memory = createMemory(token)
      memories.set(token, memory)
    }
    if (!revocations.isIdle) {
      const refusal = refuseRevoked(memory, route)
      if (refusal !== undefined) return refusal
    }
    return remembered(memory.decisions, route, memory, decide)
  }

  function refuseRevoked(memory: TokenMemory, route: Route): Decision | undefined {
    memory.identifiers ??= identifiersOf(memory.verified)
    const verdict = revocations.judge(memory.identifiers)
    if (verdict === undefined) return undefined
    if (verdict !== 'revoked') return refusals.get(verdict, route, memory.identifiers.issuerId)
    memory.revoked ??= new Map()
    return remembered(memory.revoked, route, memory, ({ principal }) =>
      refusals.create(verdict, route, principal.token.issuerId, principal),
    )
  }

  function decide({ principal, grant }: TokenMemory, route: Route): Decision {
    const { token } = principal
    const reason = refusalReason(token, grant, route)
    if (reason !== undefined) return refusals.create(reason, route, token.issuerId, principal)
    return {
      outcome: 'allow',
      labels: labels.get('allow', 'none', route, token.issuerId),
      route,
      principal,
      identityHeaders: identityHeaders(route.resource, token.claims),
    }
  }

  function createMemory(token: VerifiedAccessToken): TokenMemory {
    const { claims: said, issuerId } = token
    const pointers = pointersByIssuer.get(issuerId)
    if (pointers === undefined) throw new TypeError(`no claim pointers for issuer ${issuerId}`)
    const { limits } = pointers
    const claims = limits === undefined ? said : countedClaims(said, pointers, limits)
    const scopes = limitNames(namesAt(said, pointers.scopes), limits?.scopes)
    const client = pointers.client
      .map((pointer) => resolveJsonPointer(said, pointer))
      .find((value) => typeof value === 'string')
    return {
      verified: token,
      principal: { token: claims === said ? token : { ...token, claims }, client, scopes },
      grant: {
        scopes,
        permissions: limitNames(namesAt(said, pointers.permissions), limits?.permissions),
        roles: limitNames(namesAt(said, pointers.roles), limits?.roles),
        claims,
      },
      decisions: new Map(),
      identifiers: undefined,
      revoked: undefined,
    }
  }

  function identifiersOf({
    issuerId,
    subject,
    claims,
    kid,
  }: VerifiedAccessToken): TokenIdentifiers {
    const { jti, sid, iat } = claims
    return {
      issuerId,
      jti: textOrNone(jti),
      sub: subject,
      clientIds: (pointersByIssuer.get(issuerId)?.client ?? [])
        .map((pointer) => resolveJsonPointer(claims, pointer))
        .filter((value) => typeof value === 'string'),
      sid: textOrNone(sid),
      kid,
      issuedAtSeconds: typeof iat === 'number' ? iat : undefined,
    }
  }
}

/** The claims as if what does not count had never been in the token. */
function countedClaims(
  said: VerifiedAccessToken['claims'],
  pointers: ClaimPointers,
  limits: GrantLimits,
): VerifiedAccessToken['claims'] {
  return (['scopes', 'permissions', 'roles'] as const).reduce(
    (claims, kind) => limitClaims(claims, pointers[kind], limits[kind], namesOf),
    said,
  )
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function remembered(
  decisions: Map<Route, Decision>,
  route: Route,
  memory: TokenMemory,
  decide: (memory: TokenMemory, route: Route) => Decision,
): Decision {
  let decision = decisions.get(route)
  if (decision === undefined) {
    decision = decide(memory, route)
    if (decisions.size >= maxDecisionsPerToken) decisions.clear()
    decisions.set(route, decision)
  }
  return decision
}

function refusalReason(token: VerifiedAccessToken, grant: Grant, route: Route): Reason | undefined {
  const { issuers, audiences } = route.resource
  if (!issuers.has(token.issuerId)) return 'unknown_issuer'
  const isForResource = token.audiences.some((audience) => audiences.has(audience))
  if (!isForResource && token.isAudienceWaived !== true) return 'wrong_audience'
  // Fail closed: a binding that is not verified here would make a stolen token as good as its owner (RFC 7800).
  if (token.isSenderConstrained) return 'unverifiable_confirmation'
  return unmetRequirement(route.requirement, grant)
}

/** The names at the given places. */
function namesAt(claims: unknown, pointers: readonly JsonPointer[]): ReadonlySet<string> {
  const names = new Set<string>()
  for (const pointer of pointers) {
    for (const name of namesOf(resolveJsonPointer(claims, pointer))) names.add(name)
  }
  return names
}

/**
 * The names in a claim: split at single spaces in a string (RFC 6749 section 3.3), one by one from a list. Anything
 * else is no name.
 */
function namesOf(value: unknown): ReadonlySet<string> {
  const candidates: unknown[] =
    typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : []
  return new Set(
    candidates.filter((name): name is string => typeof name === 'string' && name !== ''),
  )
}
