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

/** An access token, not yet verified in any way; or why there is none to verify. */
export type Extraction =
  | { readonly kind: 'extracted'; readonly accessToken: string }
  | { readonly kind: 'missing_token' }
  | { readonly kind: 'malformed_credentials' }

const missing: Extraction = { kind: 'missing_token' }
const malformed: Extraction = { kind: 'malformed_credentials' }

/** 16 KiB: above every token that an identity provider is known to issue, below Envoy's header limit. */
export const defaultMaxTokenBytes: number = 16_384

const token68Form = String.raw`[A-Za-z0-9\-._~+/]+=*`
/** As almost everybody writes it: found in one look at each character, where the general form takes three. */
const usualForm = new RegExp(`^Bearer ${token68Form}$`)
const token68 = new RegExp(`^${token68Form}$`)
/** What AWS load balancers send: token68 has `=` at its end only. */
const paddedParts = /^[A-Za-z0-9_-]+={0,2}\.[A-Za-z0-9_-]+={0,2}\.[A-Za-z0-9_-]+={0,2}$/
const schemeThenRest = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?: +(.*))?$/s
const bearerAfterComma = /,\s*bearer(?:\s|$)/i

/**
 * Takes the access token out of the value of the Authorization header.
 * Does not decode or verify the token. Never throws, and looks at no more than `maxTokenBytes` characters of token.
 */
export function extractAccessToken(
  authorization: string | undefined,
  maxTokenBytes: number = defaultMaxTokenBytes,
  allowsPaddedParts = false,
): Extraction {
  if (!authorization) return missing
  // "Bearer" and its spaces are outside the limit; 64 characters is room for both.
  if (authorization.length > maxTokenBytes + 64) return oversized(authorization)

  if (authorization.length <= maxTokenBytes && usualForm.test(authorization)) {
    return { kind: 'extracted', accessToken: authorization.slice('Bearer '.length) }
  }
  const match = schemeThenRest.exec(authorization)
  if (match === null) return malformed
  const [, scheme = '', credentials = ''] = match

  if (scheme.toLowerCase() !== 'bearer') {
    return bearerAfterComma.test(authorization) ? malformed : missing
  }
  if (credentials === '') return missing
  if (credentials.length > maxTokenBytes || !isToken(credentials, allowsPaddedParts)) {
    return malformed
  }
  return { kind: 'extracted', accessToken: credentials }
}

function isToken(credentials: string, allowsPaddedParts: boolean): boolean {
  return token68.test(credentials) || (allowsPaddedParts && paddedParts.test(credentials))
}

/** Too long for an access token: not one of ours when it says so by its first word, else malformed. */
function oversized(authorization: string): Extraction {
  const scheme = /^([A-Za-z0-9-]{1,32}) /.exec(authorization)?.[1]?.toLowerCase()
  return scheme === undefined || scheme === 'bearer' || bearerAfterComma.test(authorization)
    ? malformed
    : missing
}
