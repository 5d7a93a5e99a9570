/**
 * Whether a JWT says that it is an access token (RFC 9068 section 4, RFC 8725 section 3.11).
 *
 * The rules are:
 *   - with a list of types, `typ` must be one of them; `application/` may be left out and case does not count
 *     (RFC 7515 section 4.1.9);
 *   - `lenient` is for issuers that send `JWT` or nothing: every other explicit type is refused, known or not, and so
 *     is a token that shows by its claims that it is an ID token, a refresh token, a logout token or an event.
 */

/** Types that are accepted, or `lenient`. */
export type TokenTypes = readonly string[] | 'lenient'

const lenientTypes = ['jwt', 'at+jwt']
/** Claims of an ID token (OpenID Connect Core sections 2 and 3.3.2.11) and of events (RFC 8417 section 2.2). */
const foreignClaims = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events']
/** What issuers write into the claims `token_use` and `typ` of an access token. */
const accessTokenUses = ['access', 'bearer', 'dpop', 'at+jwt', 'jwt']

/** Whether the token is of an accepted type, by its header and, when lenient, by its claims. */
export function isAccessTokenType(
  accepted: TokenTypes,
  typ: string | undefined,
  claims: Readonly<Record<string, unknown>>,
): boolean {
  const type = typ === undefined ? undefined : normalizeTokenType(typ)
  if (accepted !== 'lenient') {
    return type !== undefined && accepted.some((one) => normalizeTokenType(one) === type)
  }
  if (type !== undefined && !lenientTypes.includes(type)) return false
  if (foreignClaims.some((claim) => Object.hasOwn(claims, claim))) return false
  return ['token_use', 'typ'].every((claim) => saysAccessToken(claims[claim]))
}

function normalizeTokenType(typ: string): string {
  const type = typ.toLowerCase()
  const subtype = type.startsWith('application/') ? type.slice('application/'.length) : type
  return subtype.includes('/') ? type : subtype
}

function saysAccessToken(use: unknown): boolean {
  if (use === undefined) return true
  return typeof use === 'string' && accessTokenUses.includes(use.toLowerCase())
}
