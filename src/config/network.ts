/** Networks as people write them: an address, or a CIDR block of IPv4 or IPv6 (RFC 4632, RFC 4291 section 2.3). */
import { isIP } from 'node:net'

/** What is wrong with a network in whose name peers are trusted; undefined when nothing is. */
export function networkFault(network: string): string | undefined {
  const [address = '', size, ...more] = network.split('/')
  const family = isIP(address)
  const width = family === 4 ? 32 : 128
  const bits = size === undefined ? width : prefixLength(size)
  if (family === 0 || bits > width || more.length > 0) {
    return `"${network}" is no IP address and no network such as 10.0.0.0/8`
  }
  if (address.includes('%')) return `"${network}" names a zone, which peers do not show`
  if (bits === 0) return `"${network}" is everybody`
  if (family === 6 && holdsIpv4(ipv6Value(address), bits)) {
    return `"${network}" holds addresses of IPv4: write those as IPv4`
  }
  return hasHostBits(address, bits)
    ? `"${network}" is one address with the size of a network: write the network, or the address alone`
    : undefined
}

/** The length of a prefix; larger than every network's when it is none. */
function prefixLength(text: string): number {
  return /^(?:0|[1-9]\d{0,2})$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY
}

/** Whether an address is not the first one of its network: then somebody may mean one host and trust many. */
function hasHostBits(address: string, bits: number): boolean {
  const width = isIP(address) === 4 ? 32 : 128
  const value = width === 32 ? ipv4Value(address) : ipv6Value(address)
  return (value & ((1n << BigInt(width - bits)) - 1n)) !== 0n
}

function ipv4Value(address: string): bigint {
  return address.split('.').reduce((value, octet) => (value << 8n) | BigInt(octet), 0n)
}

function ipv6Value(address: string): bigint {
  const { hostname } = new URL(`http://[${address}]/`)
  const [head = '', tail] = hostname.slice(1, -1).split('::')
  const groups = (text: string | undefined): string[] =>
    text === undefined || text === '' ? [] : text.split(':')
  const [first, last] = [groups(head), groups(tail)]
  const zeros = Array<string>(8 - first.length - last.length).fill('0')
  return [...first, ...zeros, ...last].reduce(
    (value, group) => (value << 16n) | BigInt(`0x${group}`),
    0n,
  )
}

/** Whether an IPv6 network meets ::ffff:0:0/96, under which IPv4 peers show themselves (RFC 4291 section 2.5.5.2). */
function holdsIpv4(address: bigint, bits: number): boolean {
  const shared = BigInt(128 - Math.min(bits, 96))
  return address >> shared === (0xffffn << 32n) >> shared
}
