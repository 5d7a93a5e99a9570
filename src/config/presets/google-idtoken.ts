/**
 * Google ID tokens that services send each other. Every service account of every project can have one for any audience, so the
 * audience alone says nothing. ID tokens of a user's sign-in (`nonce`, `at_hash`) are refused unless `allowIdTokens` is on. All of
 * it is unverified. Google's access tokens are opaque and not for others.
 */
import type { Preset } from '../preset.js'

/** Google ID tokens between services. */
export const googleIdtoken: Preset = {
  issuerForm: {
    pattern: /^https:\/\/accounts\.google\.com$/,
    hint: 'the issuer is https://accounts.google.com',
  },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: { scopes: [], permissions: [], roles: [], client: ['/azp'] },
  needs: {
    oneOf: ['clients', '/email', '/sub', '/hd'],
    why: 'every service account of anybody can have a token for your audience',
  },
}
