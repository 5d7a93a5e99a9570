/**
 * The host of a request, in the form in which configured hosts are kept.
 *
 * The rules are: lower case, no port, no trailing dot; anything that is not `host [":" port]` with a registered name,
 * an IPv4 address or an IPv6 literal is refused (RFC 9110 section 7.2, RFC 3986 section 3.2.2).
 */

const registeredName =
  /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/
const hostAndPort = /^(\[[0-9a-f:.]{2,45}\]|[^:]*?)\.?(?::[0-9]{1,5})?$/
const maxHostBytes = 260 // 253 for the name, 1 for a final dot, 6 for the port

/** The canonical host, or undefined for a value that is not one host. Does not resolve it. Never throws. */
export function canonicalHost(authority: string): string | undefined {
  if (authority.length > maxHostBytes) return undefined
  const match = hostAndPort.exec(authority.toLowerCase())
  const host = match?.[1]
  if (host === undefined) return undefined
  return host.startsWith('[') || registeredName.test(host) ? host : undefined
}
