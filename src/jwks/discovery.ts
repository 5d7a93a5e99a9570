/**
 * From an issuer to the URL of its JWKS document (RFC 8414 section 3, OpenID Connect Discovery 1.0 section 4).
 *
 * The rules are:
 *   - three well-known forms are tried in a fixed order, and the first document that is there counts;
 *   - "the issuer value returned MUST be identical to the issuer identifier" (RFC 8414 section 3.3): compared code
 *     point by code point, before anything else in the document is believed.
 */
import { fetchDocument, isFetchable, type FetchLimits } from './fetch-document.js'

/** The metadata URLs of an issuer, most standard first. */
export function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  const urls = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ]
  return [...new Set(urls)]
}

/** The issuer's `jwks_uri`. Rejects with every form's own problem when none of them leads to one. */
export async function discoverJwksUri(issuer: string, limits: FetchLimits): Promise<string> {
  return await discoverUrl(issuer, 'jwks_uri', limits)
}

/** A URL of the issuer's metadata, by the name of its member. Rejects as {@link discoverJwksUri} does. */
export async function discoverUrl(
  issuer: string,
  member: string,
  limits: FetchLimits,
): Promise<string> {
  const problems: string[] = []
  for (const url of metadataUrls(issuer)) {
    try {
      return await readUrl(url, { issuer, member }, limits)
    } catch (error) {
      problems.push(describeFault(error, url))
    }
  }
  throw new Error(`no metadata document of issuer ${issuer} could be used: ${problems.join('; ')}`)
}

/** A URL that the metadata at `url` name. Rejects when they are not those of the issuer, or name none. */
export async function readUrl(
  url: string,
  { issuer, member }: { readonly issuer: string; readonly member: string },
  limits: FetchLimits,
): Promise<string> {
  const { document } = await fetchDocument(url, limits)
  const members = (document ?? {}) as Record<string, unknown>
  if (members['issuer'] !== issuer) throw new Error(`${url} is the metadata of another issuer`)
  const found = members[member]
  if (typeof found !== 'string' || !isFetchable(found, limits.allowInsecure)) {
    throw new Error(`${url} names no https ${member}`)
  }
  // Plain http is for issuers on this machine: what comes from elsewhere must not lead the gate to its own ports.
  if (isSecure(url) && !isSecure(found) && !limits.allowInsecure) {
    throw new Error(`${url} names an http ${member}`)
  }
  return found
}

function isSecure(url: string): boolean {
  return url.startsWith('https:')
}

const maxFaultLength = 500

/**
 * One line about a fault, for operators: the message and, where a network error hides it, its cause. Cut where somebody
 * else's document would make it long.
 */
export function describeFault(error: unknown, about?: string): string {
  if (!(error instanceof Error)) return `${about ?? 'fault'}: ${String(error)}`
  const cause = error.cause instanceof Error ? error.cause : undefined
  const code: unknown = cause !== undefined && 'code' in cause ? cause.code : undefined
  const detail = typeof code === 'string' ? code : cause?.message
  const message = detail === undefined ? error.message : `${error.message} (${detail})`
  const line = about === undefined || message.includes(about) ? message : `${about}: ${message}`
  return line.length > maxFaultLength ? `${line.slice(0, maxFaultLength)}…` : line
}
