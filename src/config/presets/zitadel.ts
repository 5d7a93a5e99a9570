/**
 * ZITADEL, for applications whose access tokens are set to JWT; otherwise they are opaque. There is no `scope`; roles are the names
 * of the members of an object. Unverified: `client_id` or `azp`, and the marks of its ID tokens.
 */
import type { Preset } from '../preset.js'

/** ZITADEL. */
export const zitadel: Preset = {
  issuerForm: {
    pattern: /^https?:\/\/[^/?#]+$/,
    hint: 'the issuer is https://DOMAIN, without a slash at its end',
  },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: {
    scopes: ['/scope'],
    permissions: [],
    roles: [{ pointer: '/urn:zitadel:iam:org:project:roles', shape: 'objectKeys' }],
    client: ['/client_id', '/azp'],
  },
}
