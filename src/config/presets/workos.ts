/**
 * WorkOS AuthKit sessions. The issuer has the client in its path and the token has no `aud`: the client stands in its place. `act`
 * is there when somebody impersonates the user. Unverified: `client_id` in the token.
 */
import type { Preset } from '../preset.js'

/** WorkOS AuthKit sessions. */
export const workos: Preset = {
  issuerForm: {
    pattern: /^https:\/\/api\.workos\.com\/user_management\/(?<client>client_[A-Za-z0-9]+)$/,
    hint: 'the issuer is https://api.workos.com/user_management/CLIENT_ID; for others use generic-lenient with keys.jwksUri',
  },
  keys: { jwksUri: 'https://api.workos.com/sso/jwks/{client}' },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: {
    scopes: ['/scope'],
    permissions: ['/permissions'],
    roles: ['/role', '/roles'],
    client: ['/client_id', '/iss'],
  },
  audience: 'optional',
  clients: ['{client}', '{issuer}'],
}
