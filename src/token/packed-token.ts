/**
 * A verified access token as one text, for the time in which nobody asks about it: a tenth of the memory of the object
 * with all that is made of it (ADR 0030).
 *
 * What comes back is equal to what went in. Claims came out of JSON, so JSON can write them again, but for numbers beyond
 * a double, which were read as infinite: a token with one of those is not packed.
 */
import { isDeepStrictEqual } from 'node:util'
import type { VerifiedAccessToken } from './access-token.js'

type Token = VerifiedAccessToken

/** The members by their place in the text, 0 for undefined; without `memory`, which is made anew. */
type Packed = readonly [
  issuerId: string,
  tenantIssuer: string | 0,
  subject: string | 0,
  audiences: readonly string[],
  isAudienceWaived: boolean,
  isSenderConstrained: boolean,
  kid: string | 0,
  claims: Token['claims'],
]

/** The token as text, or undefined when no text would give it back. Never throws for a token that verification made. */
export function packToken(token: Token): string | undefined {
  const packed: Packed = [
    token.issuerId,
    token.tenantIssuer ?? 0,
    token.subject ?? 0,
    token.audiences,
    token.isAudienceWaived ?? false,
    token.isSenderConstrained,
    token.kid ?? 0,
    token.claims,
  ]
  const text = JSON.stringify(packed)
  // JSON has null for what it cannot write; only then it is worth a look.
  const isWhole =
    !text.includes('null') || isDeepStrictEqual(unpackToken(text).claims, token.claims)
  return isWhole ? text : undefined
}

/** The token that `packToken` was given: another object with the same content. */
export function unpackToken(text: string): Token {
  const [issuerId, tenantIssuer, subject, audiences, isAudienceWaived, isBound, kid, claims] =
    JSON.parse(text) as Packed
  // In the order of verify-jwt.ts: one hidden class for all tokens keeps the hot path fast.
  return {
    issuerId,
    tenantIssuer: tenantIssuer === 0 ? undefined : tenantIssuer,
    subject: subject === 0 ? undefined : subject,
    audiences,
    isAudienceWaived,
    isSenderConstrained: isBound,
    kid: kid === 0 ? undefined : kid,
    claims,
    memory: undefined,
  }
}
