/** Access tokens: whether one can be trusted, why not, and for how long. Knows nothing of routes, scopes or proxies. */
export type { Clock } from '../jwks/index.js'
export type { Authentication, SentToken, VerifiedAccessToken } from './access-token.js'
export { createAuthenticate, PendingAuthentication } from './authenticate.js'
export type { Authenticate } from './authenticate.js'
export { decodeJwt } from './decode-jwt.js'
export type { DecodedJwt } from './decode-jwt.js'
export type { IssuerTemplate } from './issuer-template.js'
export { checkRegisteredClaims } from './registered-claims.js'
export type { RejectionReason } from './rejection.js'
export { signingKey } from './signature.js'
export { parseJsonObject } from '../strict-json.js'
export { TokenCache } from './token-cache.js'
export type { TokenCacheCounts } from './token-cache.js'
export { brokenTokenRule, hasRefusedHeader, noTokenRules, subjectBy } from './token-rules.js'
export type { ClaimRule, ClaimTest, ReadClaim, TokenRules } from './token-rules.js'
export { introspectionRoom } from './token-routing.js'
export type {
  RouteToken,
  TokenCheck,
  TokenDemand,
  TokenRouting,
  VerifyToken,
} from './token-routing.js'
export { hasMarksOfAnotherKind, isAccessTokenType, normalizeTokenType } from './token-type.js'
export type { TokenTypes } from './token-type.js'
export { keysOfIssuer, TrustedIssuers } from './trusted-issuers.js'
export type { TrustedIssuer } from './trusted-issuers.js'
export { VerificationQueue } from './verification-queue.js'
export { createJwtVerifier, pickClaims } from './verify-jwt.js'
export type { JwtVerification, VerifyJwt } from './verify-jwt.js'
