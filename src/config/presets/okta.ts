/**
 * Okta custom authorization servers. Tokens of the org server (issuer https://DOMAIN) are for Okta alone: nobody else may take them
 * for access tokens. `cid` tells an access token from an ID token. Scopes are a list in `scp`.
 */
import type { Preset } from '../preset.js'

/** Okta custom authorization servers. */
export const okta: Preset = {
  issuerForm: {
    pattern: /^https:\/\/(?<domain>[^/?#]+)\/oauth2\/[^/?#]+$/,
    hint: 'https://DOMAIN is the org server, whose tokens are for Okta alone; make a custom one, such as https://DOMAIN/oauth2/default',
  },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: { scopes: ['/scp'], permissions: [], roles: ['/groups'], client: ['/cid'] },
  require: { '/cid': { present: true } },
  refuseIssuers: ['https://{domain}'],
}
