/**
 * What an answer makes of a token: the same rules as for a JWT (RFC 7662 sections 2.2 and 4).
 *
 * The rules are:
 *   - `active` is exactly true, or the token is not active, whatever else the answer says;
 *   - `iss`, when it is there, is the issuer that was asked; `exp`, `nbf`, `iat` and `sub` have the form and the meaning that
 *     they have in a JWT, and `exp` may be missing, since the issuer has just spoken;
 *   - `aud` must be there, unless the issuer's rules say that its tokens need none; all of those rules hold (ADR 0022);
 *   - an answer about something that is not an access token is refused;
 *   - a token bound to a key, by `cnf` or by its type, is marked so, and nobody who is not asked for the key passes with it;
 *   - an answer is believed for a short time and never beyond `exp`, without tolerance (section 4: "MUST NOT be cached
 *     beyond the time indicated").
 */
import {
  brokenTokenRule,
  checkRegisteredClaims,
  hasMarksOfAnotherKind,
  pickClaims,
  subjectBy,
  type JwtVerification,
  type RejectionReason,
  type TokenRules,
} from '../token/index.js'
import type { IntrospectionOptions } from './options.js'

type Members = Readonly<Record<string, unknown>>

/** When an answer came, and what is kept of it. */
export interface ResponseContext {
  readonly wallMs: number
  readonly monotonicMs: number
  /** Names of the top-level members that are kept. */
  readonly neededClaims: readonly string[]
  /** Whether a JWT of the same token was verified, so that the answer need not say everything again. */
  readonly isBesideJwt: boolean
}

/** What `token_type` (RFC 7662), `token_use` (Hydra, Cognito) and `typ` (Keycloak) say of an access token. */
const accessTokenWords = ['bearer', 'dpop', 'access', 'access_token', 'at+jwt', 'jwt']
const wordClaims = ['token_type', 'token_use', 'typ']
/** In place of what may be missing: no answer can carry it, and it is not kept. */
const endOfTimeSeconds = 1e12
const nobody = 'nobody'

/** The verification that an answer amounts to. Never throws. */
export function verifyResponse(
  members: Members,
  options: IntrospectionOptions,
  context: ResponseContext,
): JwtVerification {
  const rejected = (reason: RejectionReason): JwtVerification => ({
    authentication: { kind: 'rejected', reason, issuerId: options.issuerId },
    rejectionTtlMs: options.negativeCacheMs,
  })
  // Fail closed: "true", 1 and a missing member are no promise of anything.
  if (members['active'] !== true) return rejected('inactive_token')
  const { exp, aud } = members
  const foreign = foreignness(members, options, context.isBesideJwt)
  if (foreign !== undefined) return rejected(foreign)
  const { rules } = options
  const isAudienceWaived = aud === undefined && rules.isAudienceOptional
  if (aud === undefined && !isAudienceWaived && !context.isBesideJwt) {
    return rejected('missing_claim')
  }
  const checked = checkRegisteredClaims(
    {
      ...members,
      exp: exp === undefined ? endOfTimeSeconds : exp,
      aud: aud === undefined ? nobody : aud,
    },
    { isRfc9068: false, clockToleranceMs: options.clockToleranceMs },
    context.wallMs,
  )
  if (checked.kind === 'rejected') return rejected(checked.reason)
  // Beside a JWT they were held against its claims, of which an answer need not repeat any.
  const broken = context.isBesideJwt ? undefined : brokenTokenRule(rules, members)
  if (broken !== undefined) return rejected(broken)
  const subject = answeredSubject(members, rules, checked.claims.subject, context)
  if (subject.kind === 'rejected') return rejected(subject.reason)
  const { audiences, isSenderConstrained, notBeforeMs } = checked.claims
  return {
    authentication: {
      kind: 'verified',
      token: {
        issuerId: options.issuerId,
        tenantIssuer: undefined,
        subject: subject.subject,
        audiences: aud === undefined ? [] : audiences,
        isAudienceWaived,
        isSenderConstrained: isSenderConstrained || isOfDpopType(members),
        kid: undefined,
        claims: pickClaims(members, context.neededClaims),
      },
    },
    life: lifeOf(exp, notBeforeMs, context.monotonicMs, options),
  }
}

/** The subject where the issuer has it. Beside a JWT, which has it, an answer may leave it out. */
function answeredSubject(
  members: Members,
  rules: TokenRules,
  sub: string | undefined,
  { isBesideJwt }: ResponseContext,
): ReturnType<typeof subjectBy> {
  const isLeftOut =
    isBesideJwt && rules.subject !== undefined && rules.subject(members) === undefined
  return isLeftOut ? { kind: 'subject', subject: undefined } : subjectBy(rules, members, sub)
}

/** Why an answer is about a token of somebody else, or about something else than an access token. */
function foreignness(
  members: Members,
  options: IntrospectionOptions,
  isBesideJwt: boolean,
): RejectionReason | undefined {
  const { iss } = members
  if (iss !== undefined && iss !== options.issuer) return 'unknown_issuer'
  // Beside a JWT its own type has spoken.
  if (!isBesideJwt && hasMarksOfAnotherKind(members, options.rules.allowsIdTokens)) {
    return 'wrong_type'
  }
  return wordClaims.every((name) => saysAccessToken(members[name])) ? undefined : 'wrong_type'
}

function lifeOf(
  exp: unknown,
  notBeforeMs: number,
  nowMs: number,
  { cacheMs }: IntrospectionOptions,
): JwtVerification['life'] {
  if (cacheMs === 0) return undefined
  return {
    expiresAtMs: typeof exp === 'number' ? exp * 1_000 : Number.POSITIVE_INFINITY,
    notBeforeMs,
    key: { trustedUntilMs: nowMs + cacheMs },
  }
}

/** RFC 9449 section 6.2 has `token_type`; Keycloak has `typ`. The key may be left out, and the token is bound all the same. */
function isOfDpopType(members: Members): boolean {
  return wordClaims.some((name) => {
    const word = members[name]
    return typeof word === 'string' && word.toLowerCase() === 'dpop'
  })
}

function saysAccessToken(word: unknown): boolean {
  if (word === undefined) return true
  return typeof word === 'string' && accessTokenWords.includes(word.toLowerCase())
}
