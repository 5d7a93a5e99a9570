/**
 * Tokens of issuers that send `typ: JWT` or none, whoever they are (ADR 0012).
 */
import type { Preset } from '../preset.js'

/** Access tokens that are marked `JWT` or not at all. */
export const genericLenient: Preset = {
  algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
  tokenTypes: 'lenient',
  claims: {
    scopes: ['/scope', '/scp'],
    permissions: ['/permissions'],
    roles: ['/roles'],
    client: ['/client_id', '/azp'],
  },
}
