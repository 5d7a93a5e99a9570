/**
 * Auth0, the RFC 9068 profile, which is chosen for each API. It has `jti` and `client_id`, and `typ: at+jwt`.
 */
import type { Preset } from '../preset.js'

/** Auth0's RFC 9068 token profile. */
export const auth0Rfc9068: Preset = {
  issuerForm: {
    pattern: /^https:\/\/[^/?#]+\/$/,
    hint: "Auth0's issuer is https://DOMAIN/ with the slash at its end, with a custom domain too",
  },
  algorithms: ['RS256'],
  tokenTypes: ['at+jwt'],
  claims: { scopes: ['/scope'], permissions: ['/permissions'], roles: [], client: ['/client_id'] },
}
