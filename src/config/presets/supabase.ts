/**
 * Supabase Auth with asymmetric keys; a project that still signs with its secret publishes no keys at all. The audience is
 * `authenticated`. The keys of an application (`anon`, `service_role`) are JWTs too, and no user's.
 */
import type { Preset } from '../preset.js'

/** Supabase Auth. */
export const supabase: Preset = {
  issuerForm: {
    pattern: /^https?:\/\/[^/?#]+\/auth\/v1$/,
    hint: 'the issuer is https://PROJECT.supabase.co/auth/v1, without a slash at its end',
  },
  keys: { jwksUri: '{issuer}/.well-known/jwks.json' },
  algorithms: ['ES256', 'RS256'],
  tokenTypes: 'lenient',
  claims: { scopes: ['/scope'], permissions: [], roles: ['/role'], client: ['/client_id'] },
  refuse: { '/role': ['anon', 'service_role'] },
}
