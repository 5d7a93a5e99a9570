/**
 * Microsoft Entra ID, tokens of version 1.0: what an API gets whose manifest does not ask for version 2.
 *
 * The tenant in the issuer and the one in `tid` must be the same. `oid` is the subject, because `sub` is another one for each
 * application. A token with `nonce` in its header is for Microsoft Graph, and nobody else can verify it. `roles` has the
 * application's roles; with many groups `groups` is replaced by a link, and roles are better.
 * `appid` tells an access token from an ID token, which need not have a `nonce`. Unverified: the address of the keys.
 */
import type { Preset } from '../preset.js'

/** Microsoft Entra ID, tokens of version 1.0, one tenant. */
export const entraV1: Preset = {
  issuerForm: {
    pattern: /^https:\/\/sts\.windows\.net\/(?<tid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/$/,
    hint: 'tokens of version 1.0 come from https://sts.windows.net/TENANT_ID/ with the slash at its end',
  },
  keys: { jwksUri: 'https://login.microsoftonline.com/{tid}/discovery/keys' },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: { scopes: ['/scp'], permissions: [], roles: ['/roles'], client: ['/appid'] },
  subject: '/oid',
  require: { '/ver': '1.0', '/tid': '{tid}', '/appid': { present: true } },
  refuseHeaders: ['nonce'],
}
