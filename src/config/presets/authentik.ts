/**
 * authentik. All of it is unverified: the issuer of a provider in the mode "each provider has a different issuer" ends with a
 * slash, `aud` is the client id in every token, groups are in `groups`, and a provider without a signing key signs with HS256 and
 * the client's secret, which this preset refuses.
 */
import type { Preset } from '../preset.js'

/** authentik. */
export const authentik: Preset = {
  issuerForm: {
    pattern: /^https?:\/\/[^/?#]+\/application\/o\/[^/?#]+\/$/,
    hint: 'the issuer of an authentik provider is https://HOST/application/o/SLUG/ with the slash at its end',
  },
  algorithms: ['RS256', 'ES256'],
  tokenTypes: 'lenient',
  claims: {
    scopes: ['/scope'],
    permissions: [],
    roles: ['/groups'],
    client: ['/azp', '/client_id'],
  },
}
