/** What a client can say in place of the gate, or past it. */
import type { DoctorCase } from './examined.js'
import { apiPass, behind, identity, nginx } from './nginx-cases.js'

/** All of them. */
export const nginxIdentityCases: readonly DoctorCase[] = [
  nginx(
    'an identity that the client says',
    [identity, 'proxy_set_header X-Auth-Subject $http_x_auth_subject;'],
    ['nginx/identity-not-sent', apiPass],
    ['nginx/identity-forged', '$http_x_auth_subject'],
  ),
  ...['x-auth-subject', 'X_Auth_Subject'].map((name) =>
    nginx(
      `an identity that the client says beside the true one: ${name}`,
      behind(identity, `proxy_set_header ${name} $http_x_auth_subject;`),
      ['nginx/identity-forged', name],
    ),
  ),
  nginx(
    'an identity that is read from the client',
    [
      'auth_request_set $scopegate_subject $upstream_http_x_auth_subject;',
      'auth_request_set $scopegate_subject $http_x_auth_subject;',
    ],
    ['nginx/identity-forged', '$http_x_auth_subject'],
    ['nginx/no-identity', apiPass],
  ),
  nginx(
    'whatever the client wants to upgrade to',
    behind(identity, 'proxy_set_header Upgrade $http_upgrade;'),
    ['nginx/upgrade-passed', 'Upgrade'],
  ),
]
