/**
 * Where a key is that has a URL of its own: what an issuer's tokens choose of it, and what they cannot.
 *
 * The rules are:
 *   - the configuration has the whole URL but for one place in its path; scheme, host and query are never a token's;
 *   - what goes there is a plain name: nothing that a URL, a path or a percent-encoding could read in another way;
 *   - everything else that calls itself a `kid` names no key, and nobody is asked about it.
 */

/** What stands for the `kid` in a URL. */
const placeholder = '{kid}'

/** Scheme, host, then a path with one whole segment, or its beginning, for the `kid`; a query may follow. */
const templatePattern =
  /^https?:\/\/[^/?#{}\\\s]+\/(?:[^?#{}\\\s]*\/)?\{kid\}[^/?#{}\\\s%]*(?:\/[^?#{}\\\s]*)?(?:\?[^#{}\\\s]*)?$/i
/** Names with dots inside, never at an end or side by side: no `.`, no `..`. */
const kidPattern = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/
const maxKidLength = 128
/** A shorter one is no secret, and may be part of any word. */
const longKid = 8

/** Whether a URL has one place for a `kid`, in its path. Does not say whether it may be fetched. */
export function isKeyUrl(url: string): boolean {
  if (!templatePattern.test(url)) return false
  const probe = 'a-kid-that-no-url-has'
  const filled = url.replace(placeholder, probe)
  // A `..` behind it would take the name away again, and every `kid` would name the same key.
  return URL.canParse(filled) && new URL(filled).pathname.includes(probe)
}

/** Whether a key may be asked for by this name. */
export function isFetchableKid(kid: string): boolean {
  return kid.length <= maxKidLength && kidPattern.test(kid)
}

/** The URL of one key. Throws for a `kid` that is no plain name. */
export function keyUrlFor(url: string, kid: string): string {
  // Fail closed: whoever forgot to look at the name must not choose the path.
  if (!isFetchableKid(kid)) throw new TypeError('a kid that is no plain name has no URL')
  return url.replace(placeholder, () => kid)
}

/** The text with the name of the key taken out again: what a token says is not for logs. */
export function withoutKid(text: string, url: string, kid: string): string {
  const shown = text.replaceAll(keyUrlFor(url, kid), url)
  return kid.length < longKid ? shown : shown.replaceAll(kid, placeholder)
}
