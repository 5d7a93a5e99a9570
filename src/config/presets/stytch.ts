/**
 * Stytch Connected Apps. The issuer is the project's domain; session JWTs have `stytch.com/PROJECT_ID` and other keys, and are not
 * for this preset. The audience is the project.
 */
import type { Preset } from '../preset.js'

/** Stytch Connected Apps. */
export const stytch: Preset = {
  issuerForm: {
    pattern: /^https:\/\/[^/?#]+$/,
    hint: 'the issuer is https://PROJECT_DOMAIN; for session JWTs use generic-lenient with keys.jwksUri',
  },
  keys: { jwksUri: '{issuer}/.well-known/jwks.json' },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: { scopes: ['/scope'], permissions: [], roles: [], client: ['/client_id'] },
  require: { '/client_id': { present: true } },
}
