/**
 * The access token in an Authorization header (RFC 6750 section 2.1, RFC 9110 section 11).
 *
 * The rules are:
 *   - only the header counts: query, form body and Proxy-Authorization are never looked at (RFC 9700 section 4.3.2);
 *   - the scheme compares without case, one or more spaces follow it, the token is token68; where padded parts are allowed
 *     it may instead be three parts of base64url with `=` behind each, and nothing wider;
 *   - proxies join repeated fields with a comma, so a comma beside a Bearer credential means two credentials;
 *   - another scheme is "no authentication information", not an error of the client.
 */

import { decodeOctets, isToken68, PresentedToken } from './presented-token.js'

/** What was presented as an access token; or why nothing was. */
export type Extraction =
  PresentedToken | { readonly kind: 'missing_token' } | { readonly kind: 'malformed_credentials' }

const missing: Extraction = { kind: 'missing_token' }
const malformed: Extraction = { kind: 'malformed_credentials' }

/** 16 KiB: above every token that an identity provider is known to issue, below Envoy's header limit. */
export const defaultMaxTokenBytes: number = 16_384

/** What AWS load balancers send: token68 has `=` at its end only. */
const paddedParts = /^[A-Za-z0-9_-]+={0,2}\.[A-Za-z0-9_-]+={0,2}\.[A-Za-z0-9_-]+={0,2}$/
/** As almost everybody writes it. */
const usualStart = 'Bearer '
const usualStartOctets = Buffer.from(usualStart)
const space = 0x20
const schemeThenRest = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?: +(.*))?$/s
const bearerAfterComma = /,\s*bearer(?:\s|$)/i

/**
 * Takes what was presented out of the value of the Authorization header: its text, or its octets. Of the usual spelling the
 * form is left to whoever reads the text. Never throws, and looks at no more than `maxTokenBytes` characters of token.
 */
export function extractAccessToken(
  authorization: string | Uint8Array | undefined,
  maxTokenBytes: number = defaultMaxTokenBytes,
  allowsPaddedParts = false,
): Extraction {
  if (!authorization?.length) return missing
  const start = usualStart.length
  // What is no token68 must not pass for one that is known where it is allowed: where it is, each is told apart at once.
  if (
    !allowsPaddedParts &&
    authorization.length <= start + maxTokenBytes &&
    startsAsUsual(authorization)
  ) {
    const sent =
      typeof authorization === 'string' ? authorization.slice(start) : authorization.subarray(start)
    return new PresentedToken(sent, false)
  }
  const text =
    typeof authorization === 'string' ? authorization : decodeOctets(authorization, 'utf8')
  return extractFromText(text, maxTokenBytes, allowsPaddedParts)
}

/** Whether the scheme, one space and something else are there. */
function startsAsUsual(authorization: string | Uint8Array): boolean {
  const start = usualStart.length
  if (typeof authorization === 'string') {
    return (
      authorization.length > start &&
      authorization.startsWith(usualStart) &&
      authorization.charCodeAt(start) !== space
    )
  }
  for (let i = 0; i < start; i++) if (authorization[i] !== usualStartOctets[i]) return false
  return authorization.length > start && authorization[start] !== space
}

function extractFromText(
  authorization: string,
  maxTokenBytes: number,
  allowsPaddedParts: boolean,
): Extraction {
  // "Bearer" and its spaces are outside the limit; 64 characters is room for both.
  if (authorization.length > maxTokenBytes + 64) return oversized(authorization)
  const match = schemeThenRest.exec(authorization)
  if (match === null) return malformed
  const [, scheme = '', credentials = ''] = match

  if (scheme.toLowerCase() !== 'bearer') {
    return bearerAfterComma.test(authorization) ? malformed : missing
  }
  if (credentials === '') return missing
  if (credentials.length > maxTokenBytes) return malformed
  if (isToken68(credentials)) return new PresentedToken(credentials, false)
  const isPadded = allowsPaddedParts && paddedParts.test(credentials)
  return isPadded ? new PresentedToken(credentials, true) : malformed
}

/** Too long for an access token: not one of ours when it says so by its first word, else malformed. */
function oversized(authorization: string): Extraction {
  const scheme = /^([A-Za-z0-9-]{1,32}) /.exec(authorization)?.[1]?.toLowerCase()
  return scheme === undefined || scheme === 'bearer' || bearerAfterComma.test(authorization)
    ? malformed
    : missing
}
