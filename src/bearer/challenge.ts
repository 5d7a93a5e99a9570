/**
 * The WWW-Authenticate value of a denial (RFC 6750 section 3, RFC 9110 section 11.6.1, RFC 9728 section 5.1).
 *
 * The rules are:
 *   - every value is a quoted-string, no attribute appears twice, their order never changes;
 *   - what is formatted comes from the configuration and from fixed sentences, never from a token.
 */
import type { BearerErrorCode } from './error-code.js'

/** A Bearer challenge before it is text. */
export interface Challenge {
  readonly realm: string
  readonly error?: BearerErrorCode
  readonly errorDescription?: string
  /** Every scope that the route needs, in the order of the configuration. */
  readonly scopes?: readonly string[]
  /** URL of the resource's metadata document (RFC 9728), when there is one. */
  readonly resourceMetadata?: string
}

/** The challenge as a header value that is valid field content whatever its parts hold. */
export function formatChallenge(challenge: Challenge): string {
  const attributes = [`realm=${quotedString(challenge.realm)}`]
  if (challenge.error !== undefined) attributes.push(`error=${quotedString(challenge.error)}`)
  if (challenge.errorDescription !== undefined) {
    attributes.push(`error_description=${quotedString(challenge.errorDescription)}`)
  }
  if (challenge.scopes !== undefined && challenge.scopes.length > 0) {
    attributes.push(`scope=${quotedString(challenge.scopes.join(' '))}`)
  }
  if (challenge.resourceMetadata !== undefined) {
    attributes.push(`resource_metadata=${quotedString(challenge.resourceMetadata)}`)
  }
  return `Bearer ${attributes.join(', ')}`
}

/**
 * An RFC 9110 section 5.6.4 quoted-string. A character outside printable ASCII becomes `?`, so that no value
 * can end the header or start another one.
 */
export function quotedString(value: string): string {
  return `"${value.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`
}
