/**
 * GitHub Actions. A workflow of anybody gets a token for the audience that it asks for, so the audience alone says nothing.
 * `sub` has two forms: new repositories have ids in it, and a rule about ids holds for both.
 */
import type { Preset } from '../preset.js'

/** GitHub Actions workflows. */
export const githubActions: Preset = {
  issuerForm: {
    pattern:
      /^https:\/\/(?:token\.actions\.githubusercontent\.com(?:\/[^/?#]+)?|token\.actions\.[^/?#]+\.ghe\.com|[^/?#]+\/_services\/token)$/,
    hint: 'the issuer is https://token.actions.githubusercontent.com, or https://HOST/_services/token of your own server',
  },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: { scopes: [], permissions: [], roles: [], client: ['/repository'] },
  needs: {
    oneOf: [
      '/repository_owner_id',
      '/repository_id',
      '/repository_owner',
      '/repository',
      '/enterprise_id',
      '/sub',
    ],
    why: 'anybody on GitHub can have a token for your audience',
  },
}
