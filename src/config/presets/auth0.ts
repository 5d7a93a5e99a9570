/**
 * Auth0, the default profile of an API's access tokens.
 *
 * The issuer ends with a slash, with a custom domain too. `permissions` is there when RBAC adds it to the token. Machines have
 * `sub: CLIENT@clients`. Unverified: an API can be set to HS256, which this preset refuses, and without an audience the token
 * is opaque.
 */
import type { Preset } from '../preset.js'

/** Auth0's own token profile. */
export const auth0: Preset = {
  issuerForm: {
    pattern: /^https:\/\/[^/?#]+\/$/,
    hint: "Auth0's issuer is https://DOMAIN/ with the slash at its end, with a custom domain too",
  },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: {
    scopes: ['/scope'],
    permissions: ['/permissions'],
    roles: [],
    client: ['/azp', '/client_id'],
  },
}
