/**
 * Microsoft Entra ID, tokens of version 2.0, of every tenant or of those that the entry allows. The entry names the template of
 * the issuer and binds its tenant to `tid`; keys come from the metadata that all tenants share, and a key that names one
 * tenant serves that one only. Everything else is as with one tenant.
 * Unverified: the hosts of national clouds.
 */
import type { Preset } from '../preset.js'
import { entraV2 } from './entra-v2.js'

/** Microsoft Entra ID, tokens of version 2.0, many tenants. */
export const entraMultitenant: Preset = {
  ...entraV2,
  issuerForm: {
    pattern:
      /^https:\/\/(?<host>login\.(?:microsoftonline\.com|microsoftonline\.us|partner\.microsoftonline\.cn))\/\{\w+\}\/v2\.0$/,
    hint: 'issuerTemplate is https://login.microsoftonline.com/{tenantid}/v2.0, with bind: { tenantid: { claim: /tid } }',
  },
  keys: { metadataUrl: 'https://{host}/organizations/v2.0/.well-known/openid-configuration' },
  // The tenant in it is bound to the one in `iss` by the template.
  require: { ...entraV2.require, '/tid': { present: true } },
}
