/**
 * Keycloak. The claim `typ` tells access tokens (`Bearer`) from ID and refresh tokens of the same realm. `aud` is often only
 * `account`: an audience mapper makes it right. Lightweight access tokens lack roles. Unverified: the header `at+jwt` by a switch.
 */
import type { Preset } from '../preset.js'

/** Keycloak. */
export const keycloak: Preset = {
  issuerForm: {
    pattern: /^https?:\/\/[^/?#]+(?:\/[^/?#]+)*\/realms\/[^/?#]+$/,
    hint: "the issuer is https://HOST/realms/REALM, without a slash at its end, by Keycloak's own hostname setting",
  },
  algorithms: ['RS256', 'ES256', 'PS256', 'EdDSA'],
  tokenTypes: 'lenient',
  claims: { scopes: ['/scope'], permissions: [], roles: ['/realm_access/roles'], client: ['/azp'] },
  require: { '/typ': ['Bearer', 'DPoP'] },
}
