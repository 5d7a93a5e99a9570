/**
 * Duende IdentityServer. All of it is unverified: `typ: at+jwt`, `scope` as a list, roles in `role`, and no `sub` in tokens of the
 * client credentials grant, so that the RFC 9068 profile cannot be demanded as a whole. `client_id` tells an access token from an
 * ID token.
 */
import type { Preset } from '../preset.js'

/** Duende IdentityServer. */
export const duende: Preset = {
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: { scopes: ['/scope'], permissions: [], roles: ['/role'], client: ['/client_id'] },
  require: { '/client_id': { present: true } },
}
