/**
 * Firebase Authentication. Its ID tokens are what clients send to APIs; they have none of the marks of an ID token. The keys are
 * certificates, and the audience is the project. Unverified: everything but the life of the keys.
 */
import type { Preset } from '../preset.js'

/** Firebase Authentication. */
export const firebase: Preset = {
  issuerForm: {
    pattern: /^https:\/\/securetoken\.google\.com\/(?<project>[a-z0-9-]+)$/,
    hint: 'the issuer is https://securetoken.google.com/PROJECT_ID; session cookies are no access tokens',
  },
  keys: {
    x509Map:
      'https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com',
  },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: { scopes: [], permissions: [], roles: ['/roles'], client: ['/client_id', '/azp'] },
  require: { '/aud': '{project}', '/sub': { present: true } },
}
