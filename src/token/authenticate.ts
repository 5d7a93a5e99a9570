/** From an access token to what is known of it: the cache first, then one verification however many ask at once. */
import type { Authentication } from './access-token.js'
import { TokenCache } from './token-cache.js'
import type { JwtVerification } from './verify-jwt.js'

/** Authenticates an access token; at once when it is known. Rejects only on faults of ours. */
export type Authenticate = (accessToken: string) => Authentication | Promise<Authentication>

/**
 * Puts the cache in front of a verifier. At most `maxUnderWay` verifications run at a time; they count until they end,
 * also when nobody waits for them any more, so that what they hold is bounded while an issuer hangs.
 */
export function createAuthenticate(
  verifyJwt: (accessToken: string) => Promise<JwtVerification>,
  cache: TokenCache,
  maxUnderWay: number,
): Authenticate {
  const underWay = new Map<string, Promise<Authentication>>()

  return function authenticate(accessToken) {
    const key = TokenCache.keyOf(accessToken)
    const known = cache.get(key) ?? underWay.get(key)
    if (known !== undefined) return known
    return underWay.size < maxUnderWay ? verifyOnce(key, accessToken) : { kind: 'overloaded' }
  }

  function verifyOnce(key: string, accessToken: string): Promise<Authentication> {
    const verification = verify(key, accessToken).finally(() => underWay.delete(key))
    underWay.set(key, verification)
    return verification
  }

  async function verify(key: string, accessToken: string): Promise<Authentication> {
    const verification = await verifyJwt(accessToken)
    cache.remember(key, verification, accessToken.length)
    return verification.authentication
  }
}
