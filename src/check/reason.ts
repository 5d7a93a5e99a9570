/**
 * Every reason for which a request is not allowed, and the answer that goes with it: one closed table, shared by
 * decisions, answers, metric labels, logs and tests.
 *
 * `description` is all that a client is ever told in words (RFC 6750 section 3, `error_description`): few sentences,
 * the same for every reason that an attacker could use to choose the next attempt.
 */
import type { BearerErrorCode } from '../bearer/index.js'
import type { UnmetRequirement } from '../policy/index.js'
import type { RejectionReason } from '../token/index.js'

/** Why a request is not allowed. What an access token can be rejected for, and everything else. */
export type Reason =
  | RejectionReason
  | UnmetRequirement
  | 'missing_token'
  | 'malformed_credentials'
  | 'wrong_audience'
  | 'revoked'
  | 'unverifiable_confirmation'
  | 'delegation_not_allowed'
  | 'wrong_subject_type'
  | 'no_route'
  | 'ambiguous_path'
  | 'ambiguous_host'
  | 'malformed_request'
  | 'untrusted_proxy'
  | 'keys_unavailable'
  | 'introspection_unavailable'
  | 'revocation_unavailable'
  | 'overloaded'
  | 'deadline'
  | 'internal_error'

/** The answer that goes with a reason. */
export interface ReasonAnswer {
  /** `unavailable`: nobody is at fault but us, so the client may try again. */
  readonly outcome: 'deny' | 'unavailable'
  /** The RFC 6750 error of the challenge; undefined for a challenge without error, null for no challenge at all. */
  readonly error: BearerErrorCode | undefined | null
  readonly description: string
  readonly httpStatus: number
  /** The HTTP status for a gRPC request: proxies turn 401, 403 and 503 into the gRPC codes that fit, 400 into INTERNAL. */
  readonly grpcHttpStatus: number
  /** The google.rpc code of the CheckResponse. Never 0, which would be an allow. */
  readonly statusCode: number
}

const notValidHere = 'The access token is not valid here'
const invalidToken = (description: string): ReasonAnswer => ({
  outcome: 'deny',
  error: 'invalid_token',
  description,
  httpStatus: 401,
  grpcHttpStatus: 401,
  statusCode: 16,
})
const forbidden = (description: string, error: 'insufficient_scope' | null): ReasonAnswer => ({
  outcome: 'deny',
  error,
  description,
  httpStatus: 403,
  grpcHttpStatus: 403,
  statusCode: 7,
})
const badRequest = (description: string): ReasonAnswer => ({
  outcome: 'deny',
  error: null,
  description,
  httpStatus: 400,
  grpcHttpStatus: 403,
  statusCode: 3,
})
const unavailable = (description: string): ReasonAnswer => ({
  outcome: 'unavailable',
  error: null,
  description,
  httpStatus: 503,
  grpcHttpStatus: 503,
  statusCode: 14,
})

/** The answer of every reason. */
export const reasonAnswers: Readonly<Record<Reason, ReasonAnswer>> = {
  /** No credentials, or credentials of a scheme that is not Bearer. */
  missing_token: {
    outcome: 'deny',
    error: undefined,
    description: 'An access token is required',
    httpStatus: 401,
    grpcHttpStatus: 401,
    statusCode: 16,
  },
  /** Two credentials, or a Bearer credential that is not token68 or too long. */
  malformed_credentials: {
    outcome: 'deny',
    error: 'invalid_request',
    description: 'Multiple methods used to include access token',
    httpStatus: 400,
    grpcHttpStatus: 401,
    statusCode: 3,
  },
  malformed_token: invalidToken('The access token is malformed'),
  algorithm_not_allowed: invalidToken(notValidHere),
  unknown_issuer: invalidToken(notValidHere),
  unknown_key: invalidToken(notValidHere),
  bad_signature: invalidToken(notValidHere),
  expired: invalidToken('The access token expired'),
  not_yet_valid: invalidToken('The access token is not valid yet'),
  wrong_audience: invalidToken(notValidHere),
  wrong_type: invalidToken(notValidHere),
  missing_claim: invalidToken(notValidHere),
  invalid_claim: invalidToken(notValidHere),
  /** Its issuer made it for itself: nobody else can verify it, or nobody else may. */
  token_not_for_third_parties: invalidToken(notValidHere),
  /** A claim that the issuer's `require` asks for is not there, or has another value. */
  required_claim: invalidToken(notValidHere),
  /** A claim has a value that the issuer's `refuse` names. */
  refused_claim: invalidToken(notValidHere),
  /** The client is none of the issuer's `clients`. */
  client_not_allowed: invalidToken(notValidHere),
  /** Its issuer was asked about it and does not call it active. */
  inactive_token: invalidToken(notValidHere),
  /** A JWT that is active, but as another token: of another subject, client, actor, audience, or id. */
  introspection_mismatch: invalidToken(notValidHere),
  /** The tenant in `iss` is not the one of the claim that is bound to it. */
  tenant_mismatch: invalidToken(notValidHere),
  /** Genuine and in time, and withdrawn: itself, its subject, client, session or key. */
  revoked: invalidToken('The access token was revoked'),
  /** The token is bound to a key (`cnf`), and the binding cannot be verified. */
  unverifiable_confirmation: invalidToken('The access token is bound to a key'),
  insufficient_scope: forbidden('The access token lacks a required scope', 'insufficient_scope'),
  insufficient_role: forbidden('The access token lacks a required right', 'insufficient_scope'),
  claim_mismatch: forbidden('The access token lacks a required right', 'insufficient_scope'),
  /** Somebody acts for the subject (`act`), and the route does not take that, or not from them. */
  delegation_not_allowed: forbidden(
    'The access token lacks a required right',
    'insufficient_scope',
  ),
  /** The route is for users or for clients, and the subject is the other, or nobody can tell. */
  wrong_subject_type: forbidden('The access token lacks a required right', 'insufficient_scope'),
  no_route: forbidden('No route allows this request', null),
  ambiguous_path: badRequest('The path has no single meaning'),
  ambiguous_host: badRequest('The host has no single meaning'),
  /** The proxy's message cannot be read, or the method is not one. */
  malformed_request: badRequest('The request is malformed'),
  /** The question came from an address that is no proxy of ours, so that anybody could have asked it. */
  untrusted_proxy: forbidden('No route allows this request', null),
  keys_unavailable: unavailable('Access tokens cannot be verified at the moment'),
  /** The issuer could not be asked about the token, or its answer is no answer. */
  introspection_unavailable: unavailable('Access tokens cannot be verified at the moment'),
  /** What is revoked is not known, and the operator wants nobody to pass then. */
  revocation_unavailable: unavailable('Access tokens cannot be verified at the moment'),
  overloaded: unavailable('Too many requests are waiting'),
  deadline: unavailable('The decision took too long'),
  internal_error: {
    outcome: 'unavailable',
    error: null,
    description: 'Internal error',
    httpStatus: 500,
    grpcHttpStatus: 500,
    statusCode: 13,
  },
}

/** Every reason there is. */
export const reasons: readonly Reason[] = Object.keys(reasonAnswers) as Reason[]

/** Seconds after which a client should try again when a decision was not possible (RFC 9110 section 10.2.3). */
export const retryAfterSeconds = 5
