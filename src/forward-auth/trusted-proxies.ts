/**
 * Which peers are proxies of ours. Whoever else reaches the port could tell any story about an original request, and
 * learn which tokens are good.
 */
import { BlockList, isIP } from 'node:net'
import type { Socket } from 'node:net'

/** Decides about a peer. */
export type IsTrusted = (socket: Socket) => boolean

/**
 * `networks` are addresses or CIDR blocks, IPv4 or IPv6, which have to be valid. Peers of a unix socket are trusted:
 * the file system says who may connect. What was decided for a connection stays.
 */
export function trustedProxies(networks: readonly string[], isUnixSocket: boolean): IsTrusted {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/', 2)
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  const known = new WeakMap<Socket, boolean>()
  return (socket) => {
    let isTrusted = known.get(socket)
    if (isTrusted === undefined) {
      isTrusted = isUnixSocket || isIn(list, socket.remoteAddress)
      known.set(socket, isTrusted)
    }
    return isTrusted
  }
}

function isIn(list: BlockList, peer: string | undefined): boolean {
  if (peer === undefined) return false // Fail closed: the peer is gone.
  // A socket for both families shows IPv4 peers in IPv6 form (RFC 4291 section 2.5.5.2).
  const address = peer.toLowerCase().startsWith('::ffff:') ? peer.slice(7) : peer
  return isIP(address) === 4 ? list.check(address, 'ipv4') : list.check(peer, 'ipv6')
}
