/** Why an access token is not trusted. Each is `invalid_token` to the client (RFC 6750 section 3.1). */
export type RejectionReason =
  | 'malformed_token'
  | 'algorithm_not_allowed'
  | 'unknown_issuer'
  | 'unknown_key'
  | 'bad_signature'
  | 'expired'
  | 'not_yet_valid'
  | 'wrong_type'
  | 'missing_claim'
  | 'invalid_claim'
  | 'token_not_for_third_parties'
  | 'required_claim'
  | 'refused_claim'
  | 'client_not_allowed'
  | 'inactive_token'
  | 'introspection_mismatch'
  | 'tenant_mismatch'

/**
 * Reasons that stay true of a token however often it comes back. The others pass with time or with the next refresh
 * of the keys, so they are not remembered.
 */
export function isLastingRejection(reason: RejectionReason): boolean {
  return reason !== 'unknown_key' && reason !== 'not_yet_valid'
}
