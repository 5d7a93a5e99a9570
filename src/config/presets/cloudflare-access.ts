/**
 * Cloudflare Access. It sends its token in `Cf-Access-Jwt-Assertion`, which the proxy has to put into Authorization. All of it is
 * unverified: `type` is `app` in the token of an application and `org` in the one of the whole team; service tokens have an empty
 * `sub`, and are refused because of it.
 */
import type { Preset } from '../preset.js'

/** Cloudflare Access application tokens. */
export const cloudflareAccess: Preset = {
  issuerForm: {
    pattern: /^https:\/\/[^/?#]+\.cloudflareaccess\.com$/,
    hint: 'the issuer is https://TEAM.cloudflareaccess.com, without a slash at its end',
  },
  keys: { jwksUri: '{issuer}/cdn-cgi/access/certs' },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: { scopes: [], permissions: [], roles: [], client: ['/client_id', '/azp'] },
  require: { '/type': 'app' },
}
