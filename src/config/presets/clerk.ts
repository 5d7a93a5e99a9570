/**
 * Clerk: session tokens (version 2) and OAuth access tokens that are JWTs.
 *
 * Session tokens have no `aud`; `azp` is the origin of the page, and the list of origins that are accepted stands in its place.
 * A session with open tasks (`sts: pending`) is not signed in. `o.per` and `o.fpm` are an encoding of permissions that is not
 * read here. Unverified: `org_role` and `org_permissions` of version 1.
 */
import type { Preset } from '../preset.js'

/** Clerk session tokens and OAuth access tokens. */
export const clerk: Preset = {
  issuerForm: {
    pattern: /^https:\/\/[^/?#]+$/,
    hint: 'the issuer is the Frontend API URL, without a slash at its end',
  },
  keys: { jwksUri: '{issuer}/.well-known/jwks.json' },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: {
    scopes: ['/scope'],
    permissions: ['/org_permissions'],
    roles: ['/o/rol', '/org_role'],
    client: ['/client_id', '/azp'],
  },
  audience: 'optional',
  refuse: { '/sts': 'pending' },
  needs: {
    oneOf: ['clients'],
    why: 'session tokens have no audience, and only the origin in azp says what they are for',
  },
}
