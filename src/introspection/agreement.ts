/**
 * What a JWT and its issuer's answer about it (RFC 7662 section 2.2) amount to together.
 *
 * The rules are:
 *   - what says which token it is (`sub`, `jti`, `sid`, the client, the outermost actor) has to be the same where both say
 *     it: two that differ are two tokens; where only the answer says it, it counts as if the JWT had;
 *   - what a token is good for (`aud`, `scope`) is what both say, where both say it: the answer may take away, and never give.
 *     Where they differ in scopes, nobody knows for certain that the token lacks one;
 *   - a client is named at the issuer's places (`claims.client`) and as `client_id` and `azp`. One place with two values, or no
 *     name in common, is another client;
 *   - bound to a key by one of them is bound;
 *   - all other claims are the JWT's.
 */
import { isDeepStrictEqual } from 'node:util'
import type { ReadClaim, VerifiedAccessToken } from '../token/index.js'

type Claims = Readonly<Record<string, unknown>>

/** The claims of the JWT and the members of the answer, and where the issuer names the client. */
export interface BothSay {
  readonly claims: Claims
  readonly members: Claims
  readonly clientPlaces: readonly ReadClaim[]
}

const identifiers = ['sub', 'jti', 'sid'] as const
const usualClientPlaces: readonly ReadClaim[] = [memberOf('client_id'), memberOf('azp')]
/** They count for revocation and delegation, and give no right by themselves. */
const adopted = ['jti', 'sid', 'client_id', 'azp', 'act'] as const
/** The names of the claim in RFC 9068 and at Okta and Entra; an answer has it as `scope` (RFC 7662). */
const scopeClaims = ['scope', 'scp'] as const

/** The token as both know it, or undefined when they contradict each other. Does not look at time. Never throws. */
export function agreedToken(
  mine: VerifiedAccessToken,
  theirs: VerifiedAccessToken,
  said: BothSay,
): VerifiedAccessToken | undefined {
  const { claims, members } = said
  // Fail closed: a good token and a good answer about another one are not one good token.
  if (identifiers.some((name) => differ(claims[name], members[name]))) return undefined
  if (differ(mine.subject, theirs.subject)) return undefined
  if (areOtherClients(said) || areOtherActors(claims['act'], members['act'])) return undefined
  const audiences = commonAudiences(mine.audiences, theirs.audiences)
  if (audiences === undefined) return undefined
  const scopes = scopesOf(members['scope'])
  if (scopes === 'unreadable') return undefined
  return {
    ...mine,
    subject: mine.subject ?? theirs.subject,
    audiences,
    isAudienceWaived: audiences.length === 0 && mine.isAudienceWaived === true,
    isSenderConstrained: mine.isSenderConstrained || theirs.isSenderConstrained,
    claims: { ...onlyIn(theirs.claims, mine.claims), ...narrowed(mine.claims, scopes) },
  }
}

function memberOf(name: string): ReadClaim {
  return (claims) => (claims as Claims)[name]
}

/** Whether both are there, and not the same. */
function differ(one: unknown, other: unknown): boolean {
  return one !== undefined && other !== undefined && !isDeepStrictEqual(one, other)
}

function areOtherClients({ claims, members, clientPlaces }: BothSay): boolean {
  const places = [...clientPlaces, ...usualClientPlaces]
  const [ours, theirs] = [claims, members].map((from) => places.map((read) => read(from)))
  if (ours === undefined || theirs === undefined) return true
  if (ours.some((client, place) => differ(client, theirs[place]))) return true
  const named = new Set(ours.filter((client) => client !== undefined))
  const answered = theirs.filter((client) => client !== undefined)
  return named.size > 0 && answered.length > 0 && !answered.some((client) => named.has(client))
}

/** RFC 8693 section 4.1: only the outermost actor is who acts. */
function areOtherActors(ours: unknown, theirs: unknown): boolean {
  if (ours === undefined || theirs === undefined) return false
  if (!isObject(ours) || !isObject(theirs)) return true
  return ['sub', 'iss'].some((name) => differ(ours[name], theirs[name]))
}

/** For whom both say the token is; undefined when that is nobody. */
function commonAudiences(
  ours: readonly string[],
  theirs: readonly string[],
): readonly string[] | undefined {
  if (theirs.length === 0) return ours
  if (ours.length === 0) return theirs
  const common = ours.filter((audience) => theirs.includes(audience))
  return common.length === 0 ? undefined : common
}

/** RFC 7662 has a text with spaces between the scopes; some issuers send a list. Undefined when the answer has none. */
function scopesOf(scope: unknown): ReadonlySet<unknown> | undefined | 'unreadable' {
  if (scope === undefined) return undefined
  if (typeof scope === 'string') return new Set(scope.split(' '))
  return Array.isArray(scope) ? new Set<unknown>(scope) : 'unreadable'
}

/** The claims with only those scopes that the answer has too. */
function narrowed(claims: Claims, scopes: ReadonlySet<unknown> | undefined): Claims {
  if (scopes === undefined) return claims
  const changed: Record<string, unknown> = {}
  const disputed: Record<string, unknown> = {}
  for (const name of scopeClaims) {
    const value = claims[name]
    if (typeof value !== 'string' && !Array.isArray(value)) continue
    const granted: readonly unknown[] = typeof value === 'string' ? value.split(' ') : value
    const left = granted.filter((scope) => scopes.has(scope))
    changed[name] = typeof value === 'string' ? left.join(' ') : left
    // Fail closed: a route that forbids a scope must not open because one of the two leaves it out.
    if (left.length < granted.length || left.length < scopes.size) disputed[name] = 'introspection'
  }
  if (Object.keys(disputed).length === 0) return { ...claims, ...changed }
  const elsewhere = claims['_claim_names']
  const names = { ...(isObject(elsewhere) ? elsewhere : {}), ...disputed }
  return { ...claims, ...changed, _claim_names: names }
}

function onlyIn(theirs: Claims, ours: Claims): Claims {
  return Object.fromEntries(
    adopted
      .filter((name) => Object.hasOwn(theirs, name) && !Object.hasOwn(ours, name))
      .map((name) => [name, theirs[name]]),
  )
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
