/**
 * The one path that a request target means, or a refusal (ADR 0004).
 *
 * The rules are:
 *   - reject rather than repair: a target that an upstream could read as another path is refused, because the route
 *     must be matched on the very path that the upstream sees;
 *   - only the spelling of percent-encoded octets is unified (RFC 3986 section 6.2.2.1: hexadecimal in upper case);
 *   - nothing depends on the proxy's own normalisation being on.
 */

/** A canonical path, or the fact that the target has no single meaning. */
export type CanonicalPath =
  { readonly kind: 'path'; readonly path: string } | { readonly kind: 'ambiguous' }

const ambiguous: CanonicalPath = { kind: 'ambiguous' }
const maxPathBytes = 8_192

// Path characters that stand for themselves: RFC 3986 pchar without `;` (matrix parameters change what some
// upstreams route on), and the four that browsers send unencoded although the grammar lacks them.
const plain = new Uint8Array(128)
for (const character of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_~!$&'()*+,=:@|[]^") {
  plain[character.charCodeAt(0)] = 1
}
const slash = 0x2f
const dot = 0x2e

/** Canonicalises a request target in origin form. Idempotent on its own results; never throws. */
export function canonicalPath(target: string): CanonicalPath {
  const queryAt = target.indexOf('?')
  const path = queryAt < 0 ? target : target.slice(0, queryAt)
  if (queryAt >= 0 && /[#\x00-\x20\x7f]/.test(target.slice(queryAt))) return ambiguous
  if (path === '*') return { kind: 'path', path }
  if (path.charCodeAt(0) !== slash || path.length > maxPathBytes) return ambiguous

  const scanned = scan(path)
  if (scanned === 'ambiguous') return ambiguous
  return scanned === 'encoded' ? canonicalEncoding(path) : { kind: 'path', path }
}

/** One pass over the characters: most paths are plain, and end here. */
function scan(path: string): 'plain' | 'encoded' | 'ambiguous' {
  let isEncoded = false
  let previous = 0
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i)
    if (code === slash) {
      // An empty segment, or one that ends in a dot: `//`, `/./`, `/../`, `/admin./`.
      if (previous === slash || previous === dot) return 'ambiguous'
    } else if (code === 0x25) {
      isEncoded = true
    } else if (code !== dot && (code > 127 || plain[code] === 0)) {
      return 'ambiguous'
    }
    previous = code
  }
  if (previous === dot) return 'ambiguous'
  return isEncoded ? 'encoded' : 'plain'
}

/**
 * Checks and unifies percent-encoding. Refused: incomplete or double encoding, encoded unreserved characters (no URL
 * producer should write them, RFC 3986 section 2.3), encoded separators and controls, octets that are not UTF-8, and a
 * space at the end of a segment, which some file systems drop.
 */
function canonicalEncoding(path: string): CanonicalPath {
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) return ambiguous
  if (/%25[0-9A-Fa-f]{2}/.test(path)) return ambiguous
  if (/%20(?:\/|$)/.test(path)) return ambiguous
  let decoded: string
  try {
    decoded = decodeURIComponent(path)
  } catch {
    return ambiguous // Fail closed: overlong or broken UTF-8 means different things to different upstreams.
  }
  if (/[\x00-\x1f\x7f\\]/.test(decoded)) return ambiguous
  for (const [, hex = ''] of path.matchAll(/%([0-9A-Fa-f]{2})/g)) {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    if (/[A-Za-z0-9\-._~/;]/.test(character)) return ambiguous
  }
  return { kind: 'path', path: path.replace(/%[0-9A-Fa-f]{2}/g, (octet) => octet.toUpperCase()) }
}
