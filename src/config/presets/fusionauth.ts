/**
 * FusionAuth. The issuer is a text of the tenant, and often no URL: `keys` then need `jwksUri`. Users have `roles`, machines
 * `permissions` for the entity in `aud`. Unverified: a fresh tenant signs with HS256, which this preset refuses.
 */
import type { Preset } from '../preset.js'

/** FusionAuth. */
export const fusionauth: Preset = {
  algorithms: ['RS256', 'ES256'],
  tokenTypes: 'lenient',
  claims: {
    scopes: ['/scope'],
    permissions: ['/permissions'],
    roles: ['/roles'],
    client: ['/applicationId', '/client_id'],
  },
}
