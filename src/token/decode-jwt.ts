/**
 * A JWT as a form: three parts, base64url, two JSON objects (RFC 7515 section 7.1, RFC 7519 section 7.2).
 *
 * The rules are:
 *   - compact serialization only, exactly three parts, none of them empty;
 *   - base64url without padding and without stray bits, so that one token has one spelling; where padding is tolerated a
 *     part has none of it or all of it, and stray bits are refused as ever;
 *   - header members that would change how the signature is computed are refused: nothing critical is understood
 *     here (RFC 7515 section 4.1.11), nor is unencoded payload (RFC 7797);
 *   - `jku`, `jwk`, `x5u` and `x5c` are not read at all (RFC 8725 section 3.10).
 */
import { parseJsonObject } from '../strict-json.js'

/** The header members that are looked at. */
export interface JwtHeader {
  readonly alg: string
  readonly kid: string | undefined
  readonly typ: string | undefined
}

/** A well-formed JWT. Nothing in it has been verified. */
export interface DecodedJwt {
  readonly header: JwtHeader
  /** The whole header, for rules about the names of its members. */
  readonly headerMembers: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/** Decodes a JWT, or returns undefined when it is not well-formed. Verifies nothing. Never throws. */
export function decodeJwt(accessToken: string): DecodedJwt | undefined {
  return decodeParts(accessToken.split('.'))
}

/** The same of a JWT whose parts may be padded (RFC 4648 section 3.2), which RFC 7515 section 2 does not allow. */
export function decodePaddedJwt(accessToken: string): DecodedJwt | undefined {
  return decodeParts(accessToken.split('.').map(withoutPadding))
}

function decodeParts(parts: readonly string[]): DecodedJwt | undefined {
  if (parts.length !== 3) return undefined
  const [headerPart = '', claimsPart = '', signaturePart = ''] = parts
  const headerBytes = decodeBase64Url(headerPart)
  const claimsBytes = decodeBase64Url(claimsPart)
  if (headerBytes === undefined || claimsBytes === undefined) return undefined
  if (decodeBase64Url(signaturePart) === undefined) return undefined

  const header = parseJsonObject(headerBytes)
  if (header === undefined || Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) {
    return undefined
  }
  const { alg, kid, typ } = header
  if (typeof alg !== 'string' || !isOptionalString(kid) || !isOptionalString(typ)) return undefined
  const claims = parseJsonObject(claimsBytes)
  if (claims === undefined) return undefined
  return { header: { alg, kid, typ }, headerMembers: header, claims }
}

function decodeBase64Url(text: string): Buffer | undefined {
  if (text === '') return undefined
  const bytes = Buffer.from(text, 'base64url')
  // Encoding again shows every leniency of the decoder: padding, other alphabets, stray bits.
  return bytes.toString('base64url') === text ? bytes : undefined
}

/** A part without the padding that belongs to it. With any other it stays as it is, and is refused. */
function withoutPadding(part: string): string {
  return part.length % 4 === 0 ? part.replace(/={1,2}$/, '') : part
}

function isOptionalString(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}
