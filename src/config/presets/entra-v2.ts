/**
 * Microsoft Entra ID, tokens of version 2.0, of one tenant. The audience is the client id of the API.
 *
 * The tenant in the issuer and the one in `tid` must be the same. `oid` is the subject, because `sub` is another one for each
 * application. A token with `nonce` in its header is for Microsoft Graph, and nobody else can verify it. `roles` has the
 * application's roles; with many groups `groups` is replaced by a link, and roles are better.
 * `azp` tells an access token from an ID token, which need not have a `nonce`. Unverified: the hosts of national clouds.
 */
import type { Preset } from '../preset.js'

/** Microsoft Entra ID, tokens of version 2.0, one tenant. */
export const entraV2: Preset = {
  issuerForm: {
    pattern:
      /^https:\/\/login\.(?:microsoftonline\.com|microsoftonline\.us|partner\.microsoftonline\.cn)\/(?<tid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/v2\.0$/,
    hint: 'the issuer is https://login.microsoftonline.com/TENANT_ID/v2.0 with the id of one tenant, not "common" or "organizations"',
  },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: { scopes: ['/scp'], permissions: [], roles: ['/roles'], client: ['/azp'] },
  subject: '/oid',
  require: { '/ver': '2.0', '/tid': '{tid}', '/azp': { present: true } },
  refuseHeaders: ['nonce'],
}
