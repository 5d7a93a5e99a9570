/**
 * What a verified access token may do on a route. Decided once for a token and a route, and remembered for as long as
 * the token itself is. Whether the token is revoked is never remembered: it is asked every time, before all else.
 */
import {
  isActorAccepted,
  nameKinds,
  namesAt,
  resolveJsonPointer,
  subjectTypeOf,
  unmetBinding,
  unmetRequirement,
  type ClaimNames,
  type Grant,
  type ImplyScopes,
  type JsonPointer,
  type NameKind,
  type NamePlace,
  type Route,
  type SubjectTypeRule,
} from '../policy/index.js'
import type { VerifiedAccessToken } from '../token/index.js'
import type { Decision, Principal } from './decision.js'
import { limitClaims, limitNames, type GrantLimits } from './grant-limits.js'
import { identityHeaders } from './identity-headers.js'
import type { LabelRegistry, Refusals } from './refusals.js'
import type { Reason } from './reason.js'
import type { Revocations, TokenIdentifiers } from './revocations.js'

/** Where an issuer keeps what policy asks for, in order; all places count, for the client the first with a value. */
export interface ClaimPointers extends Readonly<Partial<Record<NameKind, readonly NamePlace[]>>> {
  readonly client: readonly JsonPointer[]
  /** How much of it counts; undefined for all of it. */
  readonly limits?: GrantLimits | undefined
  /** How the issuer says whether the subject is a user or a client; by the usual signs when it is left out. */
  readonly subjectType?: SubjectTypeRule
}

/** What was made of a token, kept at the token itself: see {@link VerifiedAccessToken.memory}. */
class TokenMemory {
  /** Who made it: another configuration makes its own. */
  readonly maker: unknown
  /** As it was verified; the principal's token has only those claims that count. */
  readonly verified: VerifiedAccessToken
  readonly principal: Principal
  readonly grant: Grant
  readonly pointers: ClaimPointers
  readonly decisions = new Map<Route, Decision>()
  /** Made when somebody first asks whether the token is revoked. */
  identifiers: TokenIdentifiers | undefined = undefined
  revoked: Map<Route, Decision> | undefined = undefined
  /** Refusals because of the request's own values, by route and reason. */
  unmet: Map<string, Decision> | undefined = undefined

  constructor(
    maker: unknown,
    parts: Pick<TokenMemory, 'verified' | 'principal' | 'grant' | 'pointers'>,
  ) {
    this.maker = maker
    this.verified = parts.verified
    this.principal = parts.principal
    this.grant = parts.grant
    this.pointers = parts.pointers
  }
}

/** A token that visits more routes than this is decided anew now and then, so that its memory stays small. */
const maxDecisionsPerToken = 4

/** Decides by revocation, issuer, audience, sender constraint and requirement. Never throws, never waits. */
export function createAuthorize(
  pointersByIssuer: ReadonlyMap<string, ClaimPointers>,
  refusals: Refusals,
  labels: LabelRegistry,
  revocations: Revocations,
  implyScopes: ImplyScopes = (granted) => granted,
): (token: VerifiedAccessToken, route: Route, host?: string, path?: string) => Decision {
  return function authorize(token, route, host = '', path = '') {
    const memory = memoryOf(token)
    if (!revocations.isIdle) {
      const refusal = refuseRevoked(memory, route)
      if (refusal !== undefined) return refusal
    }
    const decision = remembered(memory.decisions, route, memory, decide)
    const { bindings } = route
    if (bindings === undefined || decision.outcome !== 'allow') return decision
    // Never remembered: a decision that depends on the request is made for every request.
    const unmet = unmetBinding(bindings, memory.principal.token, host, path)
    return unmet === undefined ? decision : refuseUnmet(memory, route, unmet)
  }

  function memoryOf(token: VerifiedAccessToken): TokenMemory {
    const { memory } = token
    if (memory instanceof TokenMemory && memory.maker === createMemory) return memory
    const made = createMemory(token)
    token.memory = made
    return made
  }

  function refuseUnmet(memory: TokenMemory, route: Route, reason: Reason): Decision {
    memory.unmet ??= new Map()
    const key = `${route.qualifiedId}\n${reason}`
    let refusal = memory.unmet.get(key)
    if (refusal === undefined) {
      const { principal } = memory
      refusal = refusals.create(reason, route, principal.token.issuerId, principal)
      if (memory.unmet.size >= maxDecisionsPerToken) memory.unmet.clear()
      memory.unmet.set(key, refusal)
    }
    return refusal
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

  function decide(memory: TokenMemory, route: Route): Decision {
    const { principal } = memory
    const { token } = principal
    const reason = refusalReason(token, memory, route)
    if (reason !== undefined) return refusals.create(reason, route, token.issuerId, principal)
    return {
      outcome: 'allow',
      labels: labels.get('allow', 'none', route, token.issuerId),
      route,
      principal,
      identityHeaders: identityHeaders(route.resource, token.claims),
      answers: undefined,
    }
  }

  function createMemory(token: VerifiedAccessToken): TokenMemory {
    const { claims: said, issuerId } = token
    const pointers = pointersByIssuer.get(issuerId)
    if (pointers === undefined) throw new TypeError(`no claim pointers for issuer ${issuerId}`)
    const { limits } = pointers
    const claims = limits === undefined ? said : countedClaims(said, pointers, limits)
    const namesOf = (kind: NameKind): ClaimNames =>
      limitNames(namesAt(said, pointers[kind] ?? []), limits?.[kind])
    const scopes = namesOf('scopes')
    const [client] = clientsOf(said, pointers)
    return new TokenMemory(createMemory, {
      verified: token,
      principal: {
        token: claims === said ? token : { ...token, claims },
        client,
        scopes: scopes.names,
      },
      grant: {
        scopes: implyScopes(scopes),
        permissions: namesOf('permissions'),
        roles: namesOf('roles'),
        groups: namesOf('groups'),
        entitlements: namesOf('entitlements'),
        claims,
      },
      pointers,
    })
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
      clientIds: clientsOf(claims, pointersByIssuer.get(issuerId)),
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
  return nameKinds.reduce(
    (claims, kind) => limitClaims(claims, pointers[kind] ?? [], limits[kind]),
    said,
  )
}

/** The client ids at every place of the issuer. */
function clientsOf(claims: unknown, pointers: ClaimPointers | undefined): readonly string[] {
  return (pointers?.client ?? [])
    .map((pointer) => resolveJsonPointer(claims, pointer))
    .filter((value) => typeof value === 'string')
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

function refusalReason(
  token: VerifiedAccessToken,
  { grant, pointers }: TokenMemory,
  route: Route,
): Reason | undefined {
  const { issuers, audiences } = route.resource
  if (!issuers.has(token.issuerId)) return 'unknown_issuer'
  // Audiences with variables are looked at for every request, after all that can be remembered.
  const isBound = route.bindings !== undefined && route.bindings.audiences.length > 0
  const isForResource = isBound || token.audiences.some((audience) => audiences.has(audience))
  if (!isForResource && token.isAudienceWaived !== true) return 'wrong_audience'
  // Fail closed: a binding that is not verified here would make a stolen token as good as its owner (RFC 7800).
  if (token.isSenderConstrained) return 'unverifiable_confirmation'
  if (!isActorAccepted(route.delegation ?? 'refuse', token.claims)) return 'delegation_not_allowed'
  if (
    route.subjectType !== undefined &&
    subjectTypeOf(token.claims, clientsOf(token.claims, pointers), pointers.subjectType) !==
      route.subjectType
  ) {
    return 'wrong_subject_type'
  }
  return unmetRequirement(route.requirement, grant)
}
