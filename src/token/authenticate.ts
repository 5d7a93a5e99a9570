/**
 * From an access token to what is known of it: the cache first, then one verification however many ask at once.
 *
 * The rules are:
 *   - what waits for keys waits in the room of its issuer, whatever else there is to wait for in the common one: so
 *     tokens with unknown keys, as many as they are, never use up the places of tokens whose key is known;
 *   - a verification counts until it ends, so that what it holds is bounded while an issuer hangs.
 */
import type { Authentication } from './access-token.js'
import { TokenCache } from './token-cache.js'
import type { VerifyJwt } from './verify-jwt.js'
import { Party, WaitingRoom } from './waiting-room.js'

/** Authenticates an access token; at once when it is known. Never throws. */
export type Authenticate = (accessToken: string) => Authentication | PendingAuthentication

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
  /** For keys, by the issuer's id. */
  readonly maxWaitingForKeys: ReadonlyMap<string, number>
}

/** Puts the cache in front of a verifier. */
export function createAuthenticate(
  verifyJwt: VerifyJwt,
  cache: TokenCache,
  limits: AuthenticateLimits,
): Authenticate {
  const underWay = new Map<string, PendingAuthentication>()
  const commonRoom = new WaitingRoom(limits.maxWaiting)
  const keyRooms = new Map(
    [...limits.maxWaitingForKeys].map(([issuerId, places]) => [issuerId, new WaitingRoom(places)]),
  )

  return function authenticate(accessToken) {
    const key = TokenCache.keyOf(accessToken)
    const known = cache.get(key) ?? underWay.get(key)
    if (known !== undefined) return known
    const party = Party.in(commonRoom)
    if (party === undefined) return { kind: 'overloaded', issuerId: undefined }
    const result = verify(key, accessToken, party).finally(() => {
      underWay.delete(key)
      party.end()
    })
    const pending = new PendingAuthentication(result, party)
    underWay.set(key, pending)
    return pending
  }

  async function verify(key: string, accessToken: string, party: Party): Promise<Authentication> {
    const verification = await verifyJwt(accessToken, (issuerId) => {
      const room = keyRooms.get(issuerId)
      return room !== undefined && party.moveTo(room)
    })
    cache.remember(key, verification, accessToken.length)
    return verification.authentication
  }
}
