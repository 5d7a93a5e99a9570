/** Text from requests on its way into a log line: short, printable, and without anything that could be a credential. */

/** Three base64url parts, padded or not, or one that starts like a JSON object in base64url (`{"`). */
const jwtLike =
  /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{4,}(?:=|%3[Dd]){0,2}\.[A-Za-z0-9_-]{4,}(?:(?:=|%3[Dd]){0,2}\.[A-Za-z0-9_-]*)*(?:=|%3[Dd]){0,2}|ey[I-L][A-Za-z0-9_-]+/g
/** A run too long for a name and typical for opaque tokens and keys. */
const opaqueLike = /[A-Za-z0-9_+=~-]{32,}/g
const maxLength = 256

/** As Envoy makes request ids, and as NGINX does. */
const uuidOrHex = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})$/i

/** A request id as it is when it is one as proxies make them; any other one redacted. */
export function redactRequestId(requestId: string): string {
  return uuidOrHex.test(requestId) ? requestId : redact(requestId)
}

/** A path as it is spelled, unless something that looks like a token hides behind percent-encoding. */
export function redactPath(path: string): string {
  const start = path.slice(0, 4 * maxLength)
  const decoded = start.replace(/%([2-7][0-9A-Fa-f])/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  const redacted = redact(decoded)
  return redacted.includes('[redacted]') ? redacted : redact(start)
}

/** A name out of a verified token: printable and short, and only what looks like a JWT replaced. */
export function redactJwt(text: string): string {
  return printable(text.slice(0, 4 * maxLength).replace(jwtLike, replaceLong))
}

/** The text with everything that looks like a token replaced. May replace harmless text too; never the other way. */
export function redact(text: string): string {
  return printable(
    text
      .slice(0, 4 * maxLength)
      .replace(jwtLike, replaceLong)
      .replace(opaqueLike, '[redacted]'),
  )
}

function replaceLong(match: string): string {
  return match.length >= 20 ? '[redacted]' : match
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, maxLength)
}
