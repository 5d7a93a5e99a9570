/** Text from requests on its way into a log line: short, printable, and without anything that could be a credential. */

/** Three base64url parts, or one that starts like a JSON object in base64url. */
const jwtLike = /[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)*|eyJ[A-Za-z0-9_-]+/g
/** A run too long for a name and typical for opaque tokens and keys. */
const opaqueLike = /[A-Za-z0-9_+=~-]{32,}/g
const maxLength = 256

/** The text with everything that looks like a token replaced. May replace harmless text too; never the other way. */
export function redact(text: string): string {
  return text
    .slice(0, 4 * maxLength)
    .replace(jwtLike, (match) => (match.length >= 20 ? '[redacted]' : match))
    .replace(opaqueLike, '[redacted]')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, maxLength)
}
