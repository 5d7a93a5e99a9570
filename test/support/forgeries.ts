/** What a client writes into its headers to be somebody else, or to ask for something else than it asked for. */

/** Header lines by which a client tries to be somebody else. */
export const forgeries: readonly (readonly [name: string, lines: readonly string[]])[] = [
  ['the name itself', ['x-auth-subject: root']],
  ['another case', ['X-AUTH-Subject: root']],
  ['underscores', ['x_auth_subject: root']],
  ['one underscore, first', ['x_auth-subject: root']],
  ['one underscore, last', ['X-Auth_Subject: root']],
  ['the name twice', ['x-auth-subject: root', 'x-auth-subject: admin']],
  ['the name twice in two cases', ['x-auth-subject: root', 'X-Auth-Subject: admin']],
  [
    'every spelling at once',
    [
      ...['x-auth-subject: root', 'x_auth_subject: root', 'x-auth_subject: root'],
      ...['X_Auth-Subject: root', 'x_auth_subject: admin', 'x-auth-subject: admin'],
    ],
  ],
  ['a list', ['x-auth-subject: alice, root']],
  ['an empty value', ['x-auth-subject:', 'x_auth_subject:']],
  ['a nomination as hop-by-hop', ['x-auth-subject: root', 'connection: close, x-auth-subject']],
  ['headers of claims the token lacks', ['x-auth-name: root', 'x_auth_groups: admins']],
]

/** Header lines that tell another request than the one that was sent, in the names that proxies and gates use. */
export const otherRequests: readonly string[] = [
  ...[
    'x-forwarded-uri: /health',
    'x-forwarded-method: OPTIONS',
    'x-forwarded-host: public.example.com',
  ],
  ...['x-forwarded-proto: https', 'x-forwarded-port: 443', 'x-forwarded-prefix: /health'],
  ...[
    'x-forwarded-path: /health',
    'x-forwarded-server: public.example.com',
    'x-forwarded-for: 127.0.0.1',
  ],
  ...['x_forwarded_uri: /health', 'X-FORWARDED-URI: /health', 'x.forwarded.uri: /health'],
  ...['x-original-uri: /health', 'x-original-method: OPTIONS', 'x-original-url: http://x/health'],
  ...['x-original-host: public.example.com', 'x_original_uri: /health', 'x-rewrite-url: /health'],
  ...[
    'x-scopegate-method: OPTIONS',
    'x-scopegate-target: /health',
    'x-scopegate-host: public.example.com',
  ],
  ...[
    'x-envoy-original-path: /health',
    'x-envoy-original-method: OPTIONS',
    'x-envoy-decorator-operation: x',
  ],
  ...['forwarded: host=public.example.com;proto=https;for=127.0.0.1', 'x-host: public.example.com'],
  ...[
    'x-real-ip: 127.0.0.1',
    'x-auth-request-redirect: /health',
    'x-http-method-override: OPTIONS',
  ],
  ...[
    'connection: authorization',
    'connection: x-forwarded-uri',
    'connection: x-original-uri, host',
  ],
  ...[
    'connection: x-scopegate-target',
    'connection: x-forwarded-method, x-forwarded-host',
    'host:',
  ],
]

/** The headers in which proxies hand a client's certificate on; a client that writes them has none. */
export const clientCertificateHeaders: readonly string[] = [
  'client-cert',
  'client-cert-chain',
  'x-client-cert',
  'x-client-certificate',
  'x-client-verify',
  'x-client-dn',
  'x-ssl-cert',
  'x-ssl-client-cert',
  'x-ssl-client-verify',
  'x-ssl-client-dn',
  'x-ssl-client-s-dn',
  'ssl-client-cert',
  'ssl-client-verify',
  'ssl-client-subject-dn',
  'ssl-client-issuer-dn',
  'x-forwarded-client-cert',
  'x-forwarded-tls-client-cert',
  'x-forwarded-tls-client-cert-info',
  'x-amzn-mtls-clientcert',
  'x-arr-clientcert',
]
