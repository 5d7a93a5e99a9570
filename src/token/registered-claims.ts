/**
 * The registered claims of a JWT access token (RFC 7519 section 4.1, RFC 9068 sections 2.2 and 4).
 *
 * The rules are:
 *   - `exp` is required and every time is a finite number; a string that looks like a number is not one;
 *   - the clock tolerance is applied once to each comparison;
 *   - a token of the RFC 9068 profile has all the claims that the profile requires, with their types;
 *   - `aud` is only read here: which audience a route needs is the policy's matter. Where it is optional a token may
 *     lack it, but never have an empty or a strange one.
 */
import type { RejectionReason } from './rejection.js'

/** What the registered claims say, once they are well-formed and in time. Times in milliseconds since the epoch. */
export interface RegisteredClaims {
  readonly subject: string | undefined
  readonly audiences: readonly string[]
  readonly expiresAtMs: number
  readonly notBeforeMs: number
  /** Whether the token is bound to a key by `cnf` (RFC 7800). */
  readonly isSenderConstrained: boolean
}

/** The registered claims, or the reason why they are refused. */
export type RegisteredClaimsCheck =
  | { readonly kind: 'claims'; readonly claims: RegisteredClaims }
  | { readonly kind: 'rejected'; readonly reason: RejectionReason }

/** What the check is held against. */
export interface RegisteredClaimsRules {
  /** Whether the claims that RFC 9068 section 2.2 requires must all be there. */
  readonly isRfc9068: boolean
  readonly clockToleranceMs: number
  /** Whether a token may lack `aud`; false when left out. */
  readonly isAudienceOptional?: boolean
}

const everyTokensClaims = ['exp', 'aud']
const profileStrings = ['sub', 'client_id', 'jti']
const profileClaims = [...everyTokensClaims, ...profileStrings, 'iat']
const maxStringLength = 1_024
const maxAudiences = 1_000

/** Checks the registered claims except `iss`, by which the token was routed here. Never throws. */
export function checkRegisteredClaims(
  claims: Readonly<Record<string, unknown>>,
  rules: RegisteredClaimsRules,
  nowMs: number,
): RegisteredClaimsCheck {
  const { exp, nbf, iat, sub, aud, cnf } = claims
  if (requiredClaims(rules).some((name) => claims[name] === undefined)) {
    return rejected('missing_claim')
  }
  if (rules.isRfc9068 && !profileStrings.every((name) => isBoundedString(claims[name]))) {
    return rejected('invalid_claim')
  }
  const audiences = aud === undefined ? [] : parseAudiences(aud)
  if (audiences === undefined || (sub !== undefined && !isBoundedString(sub))) {
    return rejected('invalid_claim')
  }
  if (!isTime(exp) || !isOptionalTime(nbf) || !isOptionalTime(iat)) return rejected('invalid_claim')

  const tolerance = rules.clockToleranceMs
  const expiresAtMs = exp * 1_000 + tolerance
  const notBeforeMs = Math.max(nbf ?? 0, iat ?? 0) * 1_000 - tolerance
  if (nowMs >= expiresAtMs) return rejected('expired')
  if (nowMs < notBeforeMs) return rejected('not_yet_valid')
  return {
    kind: 'claims',
    claims: {
      subject: sub,
      audiences,
      expiresAtMs,
      notBeforeMs,
      isSenderConstrained: cnf !== undefined,
    },
  }
}

function requiredClaims({
  isRfc9068,
  isAudienceOptional = false,
}: RegisteredClaimsRules): readonly string[] {
  const required = isRfc9068 ? profileClaims : everyTokensClaims
  return isAudienceOptional ? required.filter((name) => name !== 'aud') : required
}

function rejected(reason: RejectionReason): RegisteredClaimsCheck {
  return { kind: 'rejected', reason }
}

function parseAudiences(aud: unknown): readonly string[] | undefined {
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud]
  if (audiences.length === 0 || audiences.length > maxAudiences) return undefined
  return audiences.every((audience) => isBoundedString(audience)) ? audiences : undefined
}

/** Whether a value is text that is not empty and not longer than an identifier may be. */
export function isBoundedString(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxStringLength
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= 1e12
}

function isOptionalTime(value: unknown): value is number | undefined {
  return value === undefined || isTime(value)
}
