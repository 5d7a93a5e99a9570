/**
 * SPIFFE JWT-SVIDs. The standard does not demand `iss`, and here tokens are routed by it: the SPIRE server needs `jwt_issuer`. The
 * trust domain is in `sub`, and must be demanded there. Unverified: SPIRE's OIDC discovery provider as the source of keys.
 */
import type { Preset } from '../preset.js'

/** SPIFFE JWT-SVIDs. */
export const spiffeJwtSvid: Preset = {
  algorithms: ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'],
  tokenTypes: 'lenient',
  claims: { scopes: [], permissions: [], roles: [], client: ['/sub'] },
  needs: {
    oneOf: ['/sub'],
    why: 'the trust domain must be demanded, as { prefix: "spiffe://TRUST_DOMAIN/" }',
  },
}
