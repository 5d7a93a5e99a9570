/**
 * Logto. Without an API resource in the request the token is opaque. A token for an organization has `organization_id`.
 * Unverified: ES384, RS256 after a change of keys, `typ: at+jwt`.
 */
import type { Preset } from '../preset.js'

/** Logto. */
export const logto: Preset = {
  issuerForm: {
    pattern: /^https?:\/\/[^/?#]+\/oidc$/,
    hint: 'the issuer is https://TENANT.logto.app/oidc, without a slash at its end',
  },
  algorithms: ['ES384', 'RS256'],
  tokenTypes: 'lenient',
  claims: { scopes: ['/scope'], permissions: [], roles: ['/roles'], client: ['/client_id'] },
  require: { '/client_id': { present: true } },
}
