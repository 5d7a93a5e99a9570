/**
 * Descope session tokens. The issuer is the bare project id, or a URL with the "AWS" template of JWTs. `drn: DSR` is the refresh
 * token, which is a JWT of the same key.
 */
import type { Preset } from '../preset.js'

/** Descope session tokens. */
export const descope: Preset = {
  issuerForm: {
    pattern: /^(?:https:\/\/api\.descope\.com\/)?(?<project>P[A-Za-z0-9]+)$/,
    hint: 'the issuer is the project id, or https://api.descope.com/PROJECT_ID when the JWT template says so',
  },
  keys: { jwksUri: 'https://api.descope.com/{project}/.well-known/jwks.json' },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: {
    scopes: ['/scope'],
    permissions: ['/permissions'],
    roles: ['/roles'],
    client: ['/client_id', '/azp'],
  },
  refuse: { '/drn': 'DSR' },
}
