/**
 * Microsoft Entra ID, tokens of version 2.0, of every tenant or of those that the entry allows. The entry names the template of
 * the issuer and binds its tenant to `tid`; keys come from the metadata that all tenants share, and a key that names one
 * tenant serves that one only. Everything else is as with one tenant.
 * Unverified: the hosts of national clouds.
 */
import type { Preset } from '../preset.js'

/** Microsoft Entra ID, tokens of version 2.0, many tenants. */
export const entraMultitenant: Preset = {
  issuerForm: {
    pattern:
      /^https:\/\/(?<host>login\.(?:microsoftonline\.com|microsoftonline\.us|partner\.microsoftonline\.cn))\/\{\w+\}\/v2\.0$/,
    hint: 'issuerTemplate is https://login.microsoftonline.com/{tenantid}/v2.0, with bind: { tenantid: { claim: /tid } }',
  },
  keys: { metadataUrl: 'https://{host}/organizations/v2.0/.well-known/openid-configuration' },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: { scopes: ['/scp'], permissions: [], roles: ['/roles'], client: ['/azp'] },
  subject: '/oid',
  require: { '/ver': '2.0' },
  refuseHeaders: ['nonce'],
}
