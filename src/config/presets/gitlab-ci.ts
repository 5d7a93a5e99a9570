/**
 * GitLab CI/CD. A job of anybody on the same GitLab gets a token for the audience that it asks for, so the audience alone says
 * nothing. All of it is unverified.
 */
import type { Preset } from '../preset.js'

/** GitLab CI/CD jobs. */
export const gitlabCi: Preset = {
  issuerForm: {
    pattern: /^https?:\/\/[^?#]*[^/?#]$/,
    hint: 'the issuer is the URL of GitLab, without a slash at its end: https://gitlab.com',
  },
  algorithms: ['RS256'],
  tokenTypes: 'lenient',
  claims: { scopes: [], permissions: [], roles: [], client: ['/project_path'] },
  needs: {
    oneOf: ['/namespace_id', '/project_id', '/namespace_path', '/project_path', '/sub'],
    why: 'anybody on the same GitLab can have a token for your audience',
  },
}
