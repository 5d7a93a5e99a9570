/**
 * PingOne. `typ` is `at+jwt` always from March 2027 on, and may be missing until then. Unverified: RS256.
 */
import type { Preset } from '../preset.js'

/** PingOne. */
export const pingone: Preset = {
  issuerForm: {
    pattern: /^https:\/\/[^/?#]+(?:\/[^/?#]+)*\/as$/,
    hint: 'the issuer is https://auth.pingone.REGION/ENVIRONMENT_ID/as, without a slash at its end',
  },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: { scopes: ['/scope'], permissions: [], roles: [], client: ['/client_id'] },
  require: { '/client_id': { present: true } },
}
