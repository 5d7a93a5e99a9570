/**
 * The token that operators show to the admin port before they may revoke anything.
 *
 * The rules are:
 *   - it is read again for every request, so that a new one counts at once and an old one no longer;
 *   - it is compared by its hash, in a time that says nothing about how much of it was right.
 */
import { hash, timingSafeEqual } from 'node:crypto'

/** The token of a file, or what is wrong with it; nothing of the token is in the message. */
export type AdminTokenFile =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'problem'; readonly message: string }

/** Shorter ones could be guessed. */
const minLength = 32

/** Reads the text of a token file. White space around the token does not count. */
export function parseAdminToken(text: string): AdminTokenFile {
  const token = text.trim()
  if (token.length < minLength) {
    const message = `has fewer than ${String(minLength)} characters`
    return { kind: 'problem', message }
  }
  // RFC 6750 section 2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
  return /^[A-Za-z0-9._~+/-]+=*$/.test(token)
    ? { kind: 'token', token }
    : { kind: 'problem', message: 'has characters that no bearer token has' }
}

/** Whether an Authorization header carries exactly this token. */
export function isAuthorized(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization ?? '')?.[1]
  if (given === undefined) return false
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', token, 'buffer'))
}
