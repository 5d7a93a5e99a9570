/**
 * Tokens of the RFC 9068 profile, whoever issues them. The default.
 */
import type { Preset } from '../preset.js'

/** Access tokens of the RFC 9068 profile. */
export const genericRfc9068: Preset = {
  algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
  tokenTypes: ['at+jwt'],
  claims: {
    scopes: ['/scope', '/scp'],
    permissions: ['/permissions'],
    roles: ['/roles'],
    client: ['/client_id', '/azp'],
  },
}
