/**
 * Whether a JWT says that it is an access token (RFC 9068 section 4, RFC 8725 section 3.11).
 *
 * The rules are:
 *   - with a list of types, `typ` must be one of them; `application/` may be left out and case does not count
 *     (RFC 7515 section 4.1.9);
 *   - `JWT` in that list says nothing, so the claims are looked at as when lenient;
 *   - `lenient` is for issuers that send `JWT` or nothing: every other explicit type is refused, known or not, and so
 *     is a token that shows by its claims that it is an ID token, a refresh token, a logout token or an event;
 *   - who allows ID tokens beside `lenient` gets those too, and nothing else.
 */

/** Types that are accepted, or `lenient`. */
export type TokenTypes = readonly string[] | 'lenient'

const lenientTypes = ['jwt', 'at+jwt']
/** Claims of an ID token (OpenID Connect Core sections 2 and 3.3.2.11). */
const idTokenClaims = ['nonce', 'at_hash', 'c_hash', 's_hash']
/** Of events and logout tokens (RFC 8417 section 2.2). */
const eventsClaim = 'events'
/** What issuers write into the claims `token_use` and `typ` of an access token. */
const accessTokenUses = ['access', 'bearer', 'dpop', 'at+jwt', 'jwt']
/** And of an ID token. */
const idTokenUses = ['id', 'id_token']

/** Whether the token is of an accepted type, by its header and, when lenient, by its claims. */
export function isAccessTokenType(
  accepted: TokenTypes,
  typ: string | undefined,
  claims: Readonly<Record<string, unknown>>,
  allowsIdTokens = false,
): boolean {
  const type = typ === undefined ? undefined : normalizeTokenType(typ)
  if (accepted !== 'lenient') {
    if (type === undefined || !accepted.some((one) => normalizeTokenType(one) === type)) {
      return false
    }
    // `JWT` in a list tells nothing apart, as little as it does where it need not be written.
    if (type !== 'jwt') return true
  }
  if (type !== undefined && !lenientTypes.includes(type)) return false
  if (hasMarksOfAnotherKind(claims, allowsIdTokens)) return false
  const uses = allowsIdTokens ? [...accessTokenUses, ...idTokenUses] : accessTokenUses
  return ['token_use', 'typ'].every((claim) => isUse(claims[claim], uses))
}

/** Whether claims are those of an event, a logout token or, unless such are allowed, an ID token. */
export function hasMarksOfAnotherKind(
  claims: Readonly<Record<string, unknown>>,
  allowsIdTokens: boolean,
): boolean {
  if (Object.hasOwn(claims, eventsClaim)) return true
  return !allowsIdTokens && idTokenClaims.some((claim) => Object.hasOwn(claims, claim))
}

/** A type as it is compared: in lower case, and without `application/` where it may be left out. */
export function normalizeTokenType(typ: string): string {
  const type = typ.toLowerCase()
  const subtype = type.startsWith('application/') ? type.slice('application/'.length) : type
  return subtype.includes('/') ? type : subtype
}

function isUse(use: unknown, known: readonly string[]): boolean {
  if (use === undefined) return true
  return typeof use === 'string' && known.includes(use.toLowerCase())
}
