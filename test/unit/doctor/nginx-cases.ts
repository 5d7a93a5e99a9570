/** One NGINX configuration for each thing that a rule finds: a good file with one thing changed. */
import { goodFiles, type DoctorCase, type Edit } from './examined.js'

export function nginx(
  name: string,
  edits: Edit | readonly Edit[],
  ...finds: readonly (readonly [string, string])[]
): DoctorCase {
  const all = typeof edits[0] === 'string' ? [edits as Edit] : (edits as readonly Edit[])
  return { name, base: goodFiles.nginx, edits: all, finds }
}

const serverStart = 'listen 127.0.0.1:8000;'
export const apiPass = 'proxy_pass http://api;'
const gatePass = 'proxy_pass http://scopegate/nginx;'
const apiStart = 'location / {'
const gateStart = 'location = /_scopegate {'

/** Adds directives behind a text. */
export function behind(text: string, more: string): Edit {
  return [text, `${text}\n${more}`]
}

/** Adds a location to the server. */
function withLocation(text: string): Edit {
  return ['        error_page 401 /unauth', `${text}\n        error_page 401 /unauth`]
}

export const identity = 'proxy_set_header X-Auth-Subject $scopegate_subject;'

/** All of them. */
export const nginxCases: readonly DoctorCase[] = [
  nginx('no gate at all', ['auth_request /_scopegate;', ''], ['nginx/open-location', apiStart]),
  nginx(
    'a location with a gate beside one without',
    [
      ['auth_request /_scopegate;', ''],
      behind(apiPass, 'auth_request /_scopegate;'),
      withLocation('location /files/ { root /srv; }'),
    ],
    ['nginx/open-location', 'location /files/'],
  ),
  nginx(
    'files of a server without a gate',
    [
      [
        '}\n}',
        '}\n    server {\n root /srv; location = / { return 404; } location ^~ /a { return 404; }\n    }\n}',
      ],
    ],
    ['nginx/open-location', 'server {'],
  ),
  nginx(
    'a location that opens itself',
    withLocation('location /health { auth_request off; proxy_pass http://api; }'),
    ['nginx/auth-request-off', 'location /health'],
  ),
  ...['grpc_pass grpc://api', 'fastcgi_pass api', 'uwsgi_pass api', 'scgi_pass api'].map((pass) =>
    nginx(`an open ${pass}`, withLocation(`location /x { auth_request off; ${pass}; }`), [
      'nginx/auth-request-off',
      'location /x',
    ]),
  ),
  nginx('what is answered by the file itself', [
    withLocation('location = /health { auth_request off; return 200 "ok"; }'),
    withLocation('location /old/ { return 301 /new/; }'),
    withLocation('location /no/ { auth_request off; root /srv; deny all; }'),
    withLocation('location /no/api { auth_request off; deny all; proxy_pass http://api; }'),
    withLocation('location /status { auth_request off; root /srv; stub_status; }'),
    [
      '}\n}',
      '}\n    server { return 301 https://$host$request_uri; location / { root /srv; } }\n}',
    ],
  ]),
  nginx('a named location behind the gate', [
    [apiPass, 'root /srv; try_files $uri @api;'],
    withLocation('location @api { auth_request off; proxy_pass http://api; }'),
  ]),
  nginx(
    'a named location behind an open one',
    [
      withLocation('location /x { auth_request off; try_files $uri @api; }'),
      withLocation('location @api { auth_request off; proxy_pass http://api; }'),
    ],
    ['nginx/auth-request-off', 'location /x'],
    ['nginx/auth-request-off', 'location @api'],
  ),
  {
    name: 'upstreams alone',
    base: goodFiles.nginx,
    edits: [['http {', 'stream {']],
    finds: [['nginx/nothing-here', '# A good file']],
  },
  nginx(
    'an address instead of a token',
    behind(apiPass, 'satisfy any; allow 10.0.0.0/8; deny all;'),
    ['nginx/satisfy-any', 'satisfy any;'],
  ),
  nginx(
    'return before the gate',
    withLocation('location /secret { auth_request /_scopegate; return 200 "secret"; }'),
    ['nginx/return-before-gate', 'location /secret'],
  ),
  nginx(
    'a way around the gate when it fails',
    [
      behind(apiPass, 'error_page 500 = @open;'),
      withLocation('location @open { auth_request off; proxy_pass http://api; }'),
    ],
    ['nginx/error-page-open', 'error_page 500 = @open;'],
  ),
  nginx('a way for what only the upstream answers', [
    behind(apiPass, 'error_page 404 502 504 = @other;'),
    withLocation('location @other { auth_request off; proxy_pass http://api; }'),
  ]),
  nginx(
    'a refusal that looks like success',
    behind(apiPass, 'error_page 401 403 =200 /unauthorized.json;'),
    ['nginx/error-page-status', 'error_page 401 403 =200'],
  ),
  nginx(
    'rewrite around the gate',
    [
      withLocation('location /x { rewrite ^ /inside/$1 last; }'),
      withLocation('location /inside/ { internal; auth_request off; proxy_pass http://api; }'),
    ],
    ['nginx/rewrite-open', 'location /x'],
  ),
  nginx('proxy_pass inside of if', behind(apiPass, `if ($arg_v) {\n ${apiPass} }`), [
    'nginx/if-pass',
    'if ($arg_v) {',
  ]),
  nginx('names with underscores', behind(serverStart, 'underscores_in_headers on;'), [
    'nginx/underscores',
    'underscores_in_headers on;',
  ]),
  nginx('names that are none', behind(serverStart, 'ignore_invalid_headers off;'), [
    'nginx/invalid-headers',
    'ignore_invalid_headers off;',
  ]),
  ...[
    'http://api/',
    'http://api/v1/',
    'http://unix:/run/api.sock:/',
    'http://api$is_args$args',
  ].map((address) =>
    nginx(
      `a path of the file's own: ${address}`,
      [apiPass, `proxy_pass ${address};`],
      ['nginx/pass-path', address],
    ),
  ),
  nginx('the path that the client sent', [apiPass, 'proxy_pass http://api$request_uri;']),
  nginx('a socket', [apiPass, 'proxy_pass http://unix:/run/api.sock;']),
  nginx(
    'a decoded path',
    [apiPass, 'proxy_pass http://api${uri}$is_args$args;'],
    ['nginx/pass-decoded', 'proxy_pass'],
  ),
  nginx('another path than was asked for', behind(apiPass, 'rewrite ^/v1/(.*)$ /$1 break;'), [
    'nginx/rewrite-path',
    'rewrite',
  ]),
  nginx('another path by the server', behind(serverStart, 'if ($arg_v) { rewrite ^ /v2$uri; }'), [
    'nginx/rewrite-path',
    'rewrite',
  ]),
  nginx('a rewrite that redirects', behind(apiPass, 'rewrite ^/old$ /new permanent;')),
  nginx('an identity that is not sent', [identity, ''], ['nginx/identity-not-sent', apiPass]),
  nginx(
    'an identity that is lost',
    [[identity, ''], behind(serverStart, identity)],
    ['nginx/identity-not-sent', apiPass],
  ),
  nginx('an identity for FastCGI', [
    [apiPass, 'fastcgi_pass api; fastcgi_param HTTP_X_AUTH_SUBJECT $scopegate_subject;'],
    [identity, ''],
  ]),
  nginx(
    'nobody',
    [
      ['auth_request_set $scopegate_subject $upstream_http_x_auth_subject;', ''],
      [identity, ''],
    ],
    ['nginx/no-identity', apiPass],
  ),
  nginx(
    'nobody but a challenge',
    [
      behind(apiPass, 'auth_request_set $challenge $upstream_http_www_authenticate;'),
      [identity, ''],
    ],
    ['nginx/no-identity', apiPass],
  ),
  nginx(
    'a gate that is not there',
    ['auth_request /_scopegate;', 'auth_request /gate;'],
    ['nginx/gate-missing', 'auth_request /gate;'],
    ['nginx/pass-path', gatePass],
    ['nginx/identity-not-sent', gatePass],
  ),
  nginx(
    'a gate that is a text',
    [gatePass, 'return 200;'],
    ['nginx/gate-answers-itself', 'return 200;'],
  ),
  nginx('a gate that is a file', [gatePass, ''], ['nginx/gate-answers-itself', gateStart]),
  nginx('a gate for clients', ['internal;', ''], ['nginx/gate-not-internal', gateStart]),
  nginx(
    'a path that is not the one asked for',
    ['X-Original-URI $request_uri', 'X-Original-URI $uri'],
    ['nginx/original-uri', '$uri'],
  ),
  nginx('a path in other words', [
    'X-Original-URI $request_uri',
    'x-original-uri "${request_uri}"',
  ]),
  nginx(
    'a path that the client says',
    ['proxy_set_header X-Original-URI $request_uri;', ''],
    ['nginx/original-uri', gateStart],
  ),
  nginx(
    'a method that is not the one asked for',
    ['X-Original-Method $request_method', 'X-Original-Method GET'],
    ['nginx/original-method', 'GET'],
  ),
  nginx(
    'a host that is not the one asked for',
    [
      'X-Original-URI $request_uri;\n            proxy_set_header Host $host;',
      'X-Original-URI $request_uri;',
    ],
    ['nginx/gate-host', gateStart],
  ),
  nginx(
    'headers that are lost',
    [
      ['proxy_set_header X-Original-Method $request_method;', ''],
      behind(serverStart, 'proxy_set_header X-Original-Method $request_method;'),
    ],
    ['nginx/original-method', gateStart],
  ),
  nginx('a hidden token', behind(gatePass, 'proxy_set_header Authorization "";'), [
    'nginx/token-hidden',
    'Authorization',
  ]),
  nginx('hidden headers', behind(gatePass, 'proxy_pass_request_headers off;'), [
    'nginx/token-hidden',
    'proxy_pass_request_headers off;',
  ]),
  nginx(
    'a token for everybody',
    behind(gatePass, 'proxy_set_header Authorization "Bearer $cookie_session";'),
    ['nginx/token-replaced', 'Authorization'],
  ),
  nginx('a body', ['proxy_pass_request_body off;', ''], ['nginx/gate-body', gateStart]),
  nginx(
    'the length of a body',
    ['proxy_set_header Content-Length "";', ''],
    ['nginx/gate-body', 'proxy_pass_request_body off;'],
  ),
  nginx(
    'a page for a gate that is down',
    behind(serverStart, 'error_page 500 502 503 504 =200 /unauthorized.json;'),
    ['nginx/gate-error-page', 'error_page 500 502 503 504 =200'],
  ),
  nginx('pages for refusals', behind(gatePass, 'proxy_intercept_errors on;'), [
    'nginx/gate-intercept',
    'proxy_intercept_errors on;',
  ]),
  nginx('a cache', behind(gatePass, 'proxy_cache decisions;'), ['nginx/gate-cache', 'proxy_cache']),
  nginx(
    'no path for the gate',
    [gatePass, 'proxy_pass http://scopegate;'],
    ['nginx/gate-path', 'proxy_pass http://scopegate;'],
  ),
  nginx('the default timeout', ['proxy_read_timeout 1s;', ''], ['nginx/gate-timeouts', gateStart]),
  nginx(
    'a long timeout',
    ['proxy_connect_timeout 250ms;', 'proxy_connect_timeout 1m30s;'],
    ['nginx/gate-timeouts', 'proxy_connect_timeout'],
  ),
  nginx('no connections to keep', ['keepalive 32;', ''], ['nginx/gate-keepalive', gatePass]),
  nginx(
    'an address',
    [gatePass, 'proxy_pass http://127.0.0.1:8181/nginx;'],
    ['nginx/gate-keepalive', 'proxy_pass http://127.0.0.1:8181/nginx;'],
  ),
  nginx(
    'a file that is not there',
    behind(serverStart, 'include snippets/more.conf; include conf.d/*.none; include mime.types;'),
    ['nginx/include-missing', 'include'],
  ),
]
