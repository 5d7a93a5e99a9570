/**
 * Amazon Cognito user pools.
 *
 * An access token has no `aud` unless a resource indicator was used, so the app clients that are accepted stand in its place.
 * `token_use` tells it from the ID token, which the same pool signs with another key of the same set. Custom scopes are written
 * RESOURCE/SCOPE. Unverified: the hosts of China.
 */
import type { Preset } from '../preset.js'

/** Amazon Cognito user pools. */
export const cognito: Preset = {
  issuerForm: {
    pattern: /^https:\/\/cognito-idp\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\/[A-Za-z0-9_-]+$/,
    hint: 'the issuer is https://cognito-idp.REGION.amazonaws.com/POOL_ID, whatever domain the sign-in page has',
  },
  keys: { jwksUri: '{issuer}/.well-known/jwks.json' },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: {
    scopes: ['/scope'],
    permissions: [],
    roles: ['/cognito:groups'],
    client: ['/client_id'],
  },
  audience: 'optional',
  require: { '/token_use': 'access' },
  needs: {
    oneOf: ['clients'],
    why: 'its access tokens have no audience, so every app client of the pool could use the API',
  },
}
