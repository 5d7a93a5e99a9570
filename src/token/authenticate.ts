/**
 * From an access token to what is known of it: the cache first, then one verification however many ask at once.
 *
 * The rules are:
 *   - what waits for keys waits in the room of its issuer, whatever else there is to wait for in the common one: so
 *     tokens with unknown keys, as many as they are, never use up the places of tokens whose key is known;
 *   - what is known by all of its octets has been looked at when it was new: the form is looked at only of what is not;
 *   - a verification counts until it ends, so that what it holds is bounded while an issuer hangs;
 *   - what is known is answered however much there is to do: only what would have to be begun can be refused.
 */
import type { Authentication, SentToken } from './access-token.js'
import { TokenCache } from './token-cache.js'
import type { RouteToken, TokenDemand, TokenRouting, VerifyToken } from './token-routing.js'
import { Party, WaitingRoom } from './waiting-room.js'

/** Authenticates an access token for a route; at once when it is known. Never throws, and keeps no octets of a message. */
export type Authenticate = (
  token: SentToken,
  demand: TokenDemand,
) => Authentication | PendingAuthentication

/** An authentication that has to be waited for. */
export class PendingAuthentication {
  /** Rejects only on faults of ours. */
  readonly result: Promise<Authentication>
  readonly #party: Party

  constructor(result: Promise<Authentication>, party: Party) {
    this.result = result
    this.#party = party
  }

  /** Lets one more wait for the result; false when too many do. Who joined has to leave. */
  join(): boolean {
    return this.#party.join()
  }

  /** One who joined waits no more. */
  leave(): void {
    this.#party.leave()
  }
}

/** How many may wait. */
export interface AuthenticateLimits {
  /** For signatures, of all issuers together. */
  readonly maxWaiting: number
  /** For keys, by the issuer's id, and for introspection, by `introspectionRoom`. */
  readonly maxWaitingForKeys: ReadonlyMap<string, number>
  /** Whether anything may be begun for a token that is not known; always when it is left out. Must not throw. */
  readonly mayBegin?: () => boolean
}

const overloaded: Authentication = { kind: 'overloaded', issuerId: undefined }
const malformed: Authentication = { kind: 'malformed_credentials' }

/** Puts the cache in front of a verifier. Without `routeToken` every token is a JWT. */
export function createAuthenticate(
  verifyToken: VerifyToken,
  cache: TokenCache,
  limits: AuthenticateLimits,
  routeToken?: RouteToken,
): Authenticate {
  const underWay = new Map<string, PendingAuthentication>()
  const commonRoom = new WaitingRoom(limits.maxWaiting)
  const rooms = new Map(
    [...limits.maxWaitingForKeys].map(([name, places]) => [name, new WaitingRoom(places)]),
  )

  return function authenticate(token, demand) {
    if (routeToken === undefined) {
      const key = keyOf(token)
      return known(key) ?? begin(key, token.text(), undefined)
    }
    const accessToken = token.text()
    if (accessToken === undefined) return malformed
    const routing = routeToken(accessToken, demand)
    if (routing.refusal !== undefined) return routing.refusal
    const key = keyOf(token) + routing.cacheSuffix
    return known(key) ?? begin(key, accessToken, routing)
  }

  function known(key: string): Authentication | PendingAuthentication | undefined {
    return cache.get(key) ?? underWay.get(key)
  }

  function begin(
    key: string,
    accessToken: string | undefined,
    routing: TokenRouting | undefined,
  ): Authentication | PendingAuthentication {
    if (accessToken === undefined) return malformed
    if (limits.mayBegin?.() === false) return overloaded
    const party = Party.in(commonRoom)
    if (party === undefined) return overloaded
    const result = verify(key, accessToken, party, routing).finally(() => {
      underWay.delete(key)
      party.end()
    })
    const pending = new PendingAuthentication(result, party)
    underWay.set(key, pending)
    return pending
  }

  async function verify(
    key: string,
    accessToken: string,
    party: Party,
    routing: TokenRouting | undefined,
  ): Promise<Authentication> {
    const mayWait = (name: string): boolean => {
      const room = rooms.get(name)
      const hasPlace = room !== undefined && party.moveTo(room)
      // It ends without. Whoever is asked about in the same turn must not find its place taken.
      if (!hasPlace) party.end()
      return hasPlace
    }
    const verification = await verifyToken(accessToken, mayWait, routing)
    cache.remember(key, verification)
    return verification.authentication
  }
}

/** What a route does not allow must not be known there. No hash and no suffix has this mark. */
function keyOf({ sent, isPadded }: SentToken): string {
  const hash = TokenCache.keyOf(sent)
  return isPadded ? `${hash} padded` : hash
}
