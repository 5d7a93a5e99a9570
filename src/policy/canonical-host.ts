/**
 * The host of a request, in the form in which configured hosts are kept.
 *
 * The rules are: lower case, no port, no trailing dot; anything that is not `host [":" port]` with a registered name,
 * an IPv4 address or an IPv6 literal is refused (RFC 9110 section 7.2, RFC 3986 section 3.2.2).
 */

const label = '[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?'
const name = `${label}(?:\\.${label})*`
const canonicalName = new RegExp(`^${name}$`)
const nameAndPort = new RegExp(`^(${name})\\.?(?::[0-9]{1,5})?$`)
const addressAndPort = /^(\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$/
const visible = /^[\x21-\x7e]+$/
const maxHostBytes = 260 // 253 for the name, 1 for a final dot, 6 for the port

/** The canonical host, or undefined for a value that is not one host. Does not resolve it. Never throws. */
export function canonicalHost(authority: string): string | undefined {
  // ASCII before lower case: a few other letters become ASCII in lower case (U+212A is one), and would name somebody else's host.
  if (authority.length > maxHostBytes) return undefined
  if (canonicalName.test(authority)) return authority // As most are.
  if (!visible.test(authority)) return undefined
  const lower = authority.toLowerCase()
  const host = nameAndPort.exec(lower)?.[1]
  if (host !== undefined) return host
  const address = addressAndPort.exec(lower)?.[1]
  return address !== undefined && URL.canParse(`http://${address}/`) ? address : undefined
}
