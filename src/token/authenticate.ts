/** From an access token to what is known of it: the cache first, then one verification however many ask at once. */
import type { Authentication } from './access-token.js'
import { TokenCache } from './token-cache.js'
import type { JwtVerification } from './verify-jwt.js'

/** Authenticates an access token; at once when it is known. Rejects only on faults of ours. */
export type Authenticate = (accessToken: string) => Authentication | Promise<Authentication>

/** Puts the cache in front of a verifier. */
export function createAuthenticate(
  verifyJwt: (accessToken: string) => Promise<JwtVerification>,
  cache: TokenCache,
): Authenticate {
  const underWay = new Map<string, Promise<Authentication>>()

  return function authenticate(accessToken) {
    const key = TokenCache.keyOf(accessToken)
    return cache.get(key) ?? underWay.get(key) ?? verifyOnce(key, accessToken)
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
