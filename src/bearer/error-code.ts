/**
 * The error codes a protected resource may put into a challenge (RFC 6750 section 3.1).
 *
 * A request without any authentication information gets none of them: "the resource server SHOULD NOT
 * include an error code or other error information".
 */
export type BearerErrorCode = 'invalid_request' | 'invalid_token' | 'insufficient_scope'
