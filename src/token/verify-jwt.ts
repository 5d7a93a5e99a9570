/**
 * The verification of a JWT access token, step by step (RFC 9068 section 4, RFC 8725).
 *
 * The order is: form, issuer, headers, type, algorithm, key, signature, claims, rules. What is read before the
 * signature only selects among things that the operator configured; nothing is fetched because of it but the issuer's own
 * keys. A padded token is told from a malformed one by its issuer; the signature is over the text as it was sent.
 */
import {
  isJwsAlgorithm,
  type JwsAlgorithm,
  type KeySearch,
  type VerificationKey,
} from '../jwks/index.js'
import type { Authentication, VerifiedAccessToken } from './access-token.js'
import { decodeJwt, decodePaddedJwt, type DecodedJwt } from './decode-jwt.js'
import { checkRegisteredClaims } from './registered-claims.js'
import type { RejectionReason } from './rejection.js'
import { signingKey } from './signature.js'
import {
  brokenTokenRule,
  hasRefusedHeader,
  hasRequiredHeaders,
  rulesOf,
  subjectBy,
} from './token-rules.js'
import { isAccessTokenType } from './token-type.js'
import type { VerificationQueue } from './verification-queue.js'
import {
  keysOfIssuer,
  TrustedIssuers,
  type IssuerSearch,
  type TrustedIssuer,
} from './trusted-issuers.js'

/** What verification needs from outside. */
export interface JwtVerifierDependencies {
  readonly issuers: readonly TrustedIssuer[]
  readonly findKeys: (
    issuerId: string,
    kid: string | undefined,
    algorithm: JwsAlgorithm,
  ) => KeySearch | Promise<KeySearch>
  /**
   * Keys that these searched ones are not, when the set is old enough to have been replaced since; undefined when there
   * is nothing to wait for.
   */
  readonly findOtherKeys: (
    issuerId: string,
    kid: string | undefined,
    algorithm: JwsAlgorithm,
    tried: readonly VerificationKey[],
  ) => Promise<readonly VerificationKey[]> | undefined
  /** Names of the top-level claims that are kept of a verified token. */
  readonly neededClaims: readonly string[]
  readonly wallMs: () => number
  /** Where verifications of signatures wait for their turn; without it none does. */
  readonly queue?: VerificationQueue | undefined
}

/** A verified token together with what bounds its life. */
export interface JwtVerification {
  readonly authentication: Authentication
  /** Only of a verified token; one without is not remembered. */
  readonly life?: TokenLife | undefined
  /** How long a rejection may be remembered when it is not the cache that says so; 0 is not at all. */
  readonly rejectionTtlMs?: number
}

/** How long a verified token may be believed. */
export interface TokenLife {
  readonly expiresAtMs: number
  readonly notBeforeMs: number
  /** The key that signed, or whatever else the trust rests on: carries the monotonic moment at which that ends. */
  readonly key: { readonly trustedUntilMs: number }
}

/**
 * Verifies a JWT access token. `mayWaitForKeys` is asked before keys of an issuer are waited for; when it says no, the
 * verification ends without. Rejects only on faults of ours, never because of a token.
 */
export type VerifyJwt = (
  accessToken: string,
  mayWaitForKeys: (issuerId: string) => boolean,
) => Promise<JwtVerification>

/** Builds the verification for the access tokens of the given issuers. */
export function createJwtVerifier(dependencies: JwtVerifierDependencies): VerifyJwt {
  const issuers = new TrustedIssuers(dependencies.issuers)
  const isPaddingTolerated = dependencies.issuers.some(tolerates)

  return async function verifyJwt(accessToken, mayWaitForKeys) {
    const opened = open(accessToken)
    if (opened === undefined) return rejected('malformed_token')
    const { jwt, named } = opened
    if (named.kind === 'rejected') return rejected(named.reason, named.issuer)
    const { issuer, tenantIssuer } = named
    const { alg, kid } = jwt.header
    const reason = reasonByHeader(issuer, jwt)
    if (reason !== undefined) return rejected(reason, issuer)
    if (!isJwsAlgorithm(alg) || !issuer.algorithms.has(alg)) {
      return rejected('algorithm_not_allowed', issuer)
    }
    const search = dependencies.findKeys(issuer.id, kid, alg)
    if (search instanceof Promise && !mayWaitForKeys(issuer.id)) return overloaded(issuer)
    const found = await search
    if (found.kind === 'unavailable') {
      return {
        authentication: { kind: 'unavailable', issuerId: issuer.id, cause: found.cause },
      }
    }
    if (found.kind === 'overloaded') return overloaded(issuer)
    if (found.kind !== 'keys') return rejected(found.kind, issuer)
    const { keys: tried } = found
    const keys = keysOfIssuer(issuer, tenantIssuer, tried)
    if (keys.length === 0) return rejected('unknown_key', issuer)
    const key =
      (await signingKeyInTurn(accessToken, keys, alg)) ??
      (await newerSigningKey(accessToken, {
        issuer,
        tenantIssuer,
        kid,
        alg,
        tried,
        mayWaitForKeys,
      }))
    // Fail closed, and do not blame the token for what was not looked at.
    if (key === 'overloaded') return { authentication: { kind: 'overloaded', issuerId: undefined } }
    if (key === undefined) return rejected('bad_signature', issuer)
    return verifiedOrRejected(jwt, named, key)
  }

  /** A token by its form and by whom it says it is of; undefined for one that is no token here. */
  function open(accessToken: string): { jwt: DecodedJwt; named: IssuerSearch } | undefined {
    const jwt = decodeJwt(accessToken)
    if (jwt !== undefined) return { jwt, named: issuers.find(jwt.claims) }
    const padded = isPaddingTolerated ? decodePaddedJwt(accessToken) : undefined
    if (padded === undefined) return undefined
    const named = issuers.find(padded.claims)
    // Fail closed: to everybody else a padded token is no token, whatever it says of itself.
    const isTolerated = named.kind === 'trusted' && tolerates(named.issuer)
    return isTolerated ? { jwt: padded, named } : undefined
  }

  /** The issuer may have put another key in the place of one that it named alike. */
  async function newerSigningKey(
    accessToken: string,
    { issuer, tenantIssuer, kid, alg, tried, mayWaitForKeys }: FailedSignature,
  ): Promise<VerificationKey | 'overloaded' | undefined> {
    const others = dependencies.findOtherKeys(issuer.id, kid, alg, tried)
    if (others === undefined || !mayWaitForKeys(issuer.id)) return undefined
    const keys = keysOfIssuer(issuer, tenantIssuer, await others)
    return await signingKeyInTurn(accessToken, keys, alg)
  }

  async function signingKeyInTurn(
    accessToken: string,
    keys: readonly VerificationKey[],
    alg: JwsAlgorithm,
  ): Promise<VerificationKey | 'overloaded' | undefined> {
    const { queue } = dependencies
    if (queue === undefined) return await signingKey(accessToken, keys, alg)
    const turn = queue.enter()
    if (!(typeof turn === 'boolean' ? turn : await turn)) return 'overloaded'
    try {
      return await signingKey(accessToken, keys, alg)
    } finally {
      queue.leave()
    }
  }

  function verifiedOrRejected(
    jwt: DecodedJwt,
    { issuer, tenantIssuer }: NamedIssuer,
    key: VerificationKey,
  ): JwtVerification {
    const rules = rulesOf(issuer)
    const checked = checkRegisteredClaims(
      jwt.claims,
      {
        isRfc9068: issuer.tokenTypes !== 'lenient',
        clockToleranceMs: issuer.clockToleranceMs,
        isAudienceOptional: rules.isAudienceOptional,
      },
      dependencies.wallMs(),
    )
    if (checked.kind === 'rejected') return rejected(checked.reason, issuer)
    const broken = brokenTokenRule(rules, jwt.claims)
    if (broken !== undefined) return rejected(broken, issuer)
    const { audiences, isSenderConstrained, expiresAtMs, notBeforeMs } = checked.claims
    const subject = subjectBy(rules, jwt.claims, checked.claims.subject)
    if (subject.kind === 'rejected') return rejected(subject.reason, issuer)
    const token: VerifiedAccessToken = {
      issuerId: issuer.id,
      tenantIssuer,
      subject: subject.subject,
      audiences,
      isAudienceWaived: rules.isAudienceOptional && audiences.length === 0,
      isSenderConstrained,
      kid: key.kid,
      claims: pickClaims(jwt.claims, dependencies.neededClaims),
      memory: undefined,
    }
    return {
      authentication: { kind: 'verified', token },
      life: { expiresAtMs, notBeforeMs, key },
    }
  }
}

interface NamedIssuer {
  readonly issuer: TrustedIssuer
  readonly tenantIssuer: string | undefined
}

/** What is known when none of the keys that were found has signed. */
interface FailedSignature extends NamedIssuer {
  readonly kid: string | undefined
  readonly alg: JwsAlgorithm
  readonly tried: readonly VerificationKey[]
  readonly mayWaitForKeys: (issuerId: string) => boolean
}

/** Why the token is none that this issuer's tokens may be, by its header and its type; undefined when it may be one. */
function reasonByHeader(
  issuer: TrustedIssuer,
  { header, headerMembers, claims }: DecodedJwt,
): RejectionReason | undefined {
  const rules = rulesOf(issuer)
  if (hasRefusedHeader(rules, headerMembers)) return 'token_not_for_third_parties'
  if (!hasRequiredHeaders(rules, headerMembers)) return 'required_claim'
  const isOfType = isAccessTokenType(issuer.tokenTypes, header.typ, claims, rules.allowsIdTokens)
  return isOfType ? undefined : 'wrong_type'
}

function tolerates({ toleratesPadding }: TrustedIssuer): boolean {
  return toleratesPadding === true
}

function overloaded(issuer: TrustedIssuer): JwtVerification {
  return { authentication: { kind: 'overloaded', issuerId: issuer.id } }
}

function rejected(reason: RejectionReason, issuer?: TrustedIssuer): JwtVerification {
  return { authentication: { kind: 'rejected', reason, issuerId: issuer?.id } }
}

/** The members of these names, and no other. */
export function pickClaims(
  claims: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(claims, name)).map((name) => [name, claims[name]]),
  )
}
