/** Where hostile requests go: paths, request lines and hosts of every shape. */
import { apiHost as host, rawRequest, type NamedRequest } from './raw-http.js'

/** Paths to `/read` without a token, past the public `/health` or not; and to `/create` past `/read` with one. */
export function pathTricks(good: string): NamedRequest[] {
  const withoutToken = [
    ...['//read', '///read', '/./read', '/health/../read', '/health/./../read', '/%2e/read'],
    ...['/health/%2e%2e/read', '/health/.%2e/read', '/health/%2E%2E/read', '/health%2f..%2fread'],
    ...['/health%2F%2e%2e%2Fread', '/health/..%2fread', '/health/..%5cread', '/health\\..\\read'],
    ...['/health/..;/read', '/health;/../read', '/health;x=1/../read', '/health/;/../read'],
    ...['/health#/../read', '/read#', '/read#/health', '/health%23/../read', '/health%3f/../read'],
    ...[
      '/read%00',
      '/read%00/health',
      '/health%00/../read',
      '/read\0',
      '/read%0a',
      '/read%0d%0ax:%20y',
    ],
    ...['/read;', '/read;a=b', '/read%3b', '/read%20', '/read.', '/read/', '/read/.', '/read//'],
    ...[
      '/r%65ad',
      '/%72ead',
      '/%52ead',
      '/read%',
      '/read%2',
      '/read%zz',
      '/read%252f',
      '/%2572ead',
    ],
    ...[
      '/READ',
      '/Read',
      '/read\xff',
      '/read\xc0\xae',
      '/read%ff',
      '/read%c0%af',
      '/read%e0%80%af',
    ],
    ...[
      '/\xef\xbc\xafread',
      '/read?',
      '/read??',
      '/read?/health',
      '/read?#',
      '/read?x=\xff',
      '/read\t',
    ],
    ...['/health/../read?', '/read?/../health', '/health/../../read', '/../read', '/..%2fread'],
    ...[
      '/me/../read',
      '/me/..',
      '/me/%2e%2e/read',
      '/me/',
      '/me//',
      '/me',
      '/me/a%2fb',
      '/me/\x7f',
    ],
    `/me/${'a'.repeat(40_000)}`,
    `/${'../'.repeat(5_000)}read`,
    `/read?${'a=b&'.repeat(14_000)}`,
  ]
  const withToken = [
    ...['/read/../create', '/read/%2e%2e/create', '/read/..%2fcreate', '/read%2f..%2fcreate'],
    ...['/read/..;/create', '/read;/../create', '/read\\..\\create', '/read#/../create'],
    ...[
      '//create',
      '/./create',
      '/create/',
      '/create;',
      '/create%00',
      '/create?/read',
      '/c%72eate',
    ],
    ...['/create#/read', '/create%2f..%2fread', '/create\xff', '/CREATE'],
  ]
  const authorization = `authorization: Bearer ${good}`
  return [
    ...withoutToken.map((path): NamedRequest => [
      `path without a token: ${JSON.stringify(path.slice(0, 40))}`,
      rawRequest(`GET ${path} HTTP/1.1`, host),
    ]),
    ...['GET', 'POST'].flatMap((method) =>
      withToken.map((path): NamedRequest => [
        `path without the scope: ${method} ${JSON.stringify(path)}`,
        rawRequest(`${method} ${path} HTTP/1.1`, host, authorization, 'content-length: 0'),
      ]),
    ),
  ]
}

/** Request lines of every kind for `/read` without a token, well-formed and not. */
export function requestLines(): NamedRequest[] {
  const lines = [
    ...['get /read HTTP/1.1', 'Get /read HTTP/1.1', 'FOO /read HTTP/1.1', 'G\xcbT /read HTTP/1.1'],
    ...['HEAD /read HTTP/1.1', 'TRACE /read HTTP/1.1', 'PRI * HTTP/2.0', 'PURGE /read HTTP/1.1'],
    ...['OPTIONS * HTTP/1.1', 'OPTIONS /read HTTP/1.1', 'GET * HTTP/1.1', 'CONNECT /read HTTP/1.1'],
    ...['CONNECT api.example.com:443 HTTP/1.1', 'CONNECT 127.0.0.1:8002 HTTP/1.1'],
    ...['GET http://api.example.com/read HTTP/1.1', 'GET http://api.example.com//read HTTP/1.1'],
    ...['GET http://api.example.com/health/../read HTTP/1.1', 'GET https://other/read HTTP/1.1'],
    ...['GET http://u:p@api.example.com/read HTTP/1.1', 'GET http:///read HTTP/1.1'],
    ...[
      'GET http:/read HTTP/1.1',
      'GET http://api.example.com HTTP/1.1',
      'GET ftp://a/read HTTP/1.1',
    ],
    ...['GET read HTTP/1.1', 'GET ?/read HTTP/1.1', 'GET  /read HTTP/1.1', 'GET /read  HTTP/1.1'],
    ...[
      'GET /read /health HTTP/1.1',
      'GET /read HTTP/1.0',
      'GET /read HTTP/1.2',
      'GET /read HTTP/3',
    ],
    ...['GET /read http/1.1', 'GET /read', ' GET /read HTTP/1.1', '\tGET /read HTTP/1.1', 'GET'],
  ]
  return [
    ...lines.map((line): NamedRequest => [`line: ${JSON.stringify(line)}`, rawRequest(line, host)]),
    ['line: HTTP/1.0 without a host', rawRequest('GET /read HTTP/1.0')],
    ['line: HTTP/1.1 without a host', rawRequest('GET /read HTTP/1.1')],
    ['line: HTTP/0.9', 'GET /read\r\n\r\n'],
    ['line: bare LF', `GET /read HTTP/1.1\n${host}\nconnection: close\n\n`],
    ['line: bare CR', `GET /read HTTP/1.1\r${host}\rconnection: close\r\r\n\r\n`],
  ]
}

/** `/read` without a token on hosts that are one and hosts that are none. */
export function hostTricks(): NamedRequest[] {
  const hosts = [
    ...['', ' ', 'api.example.com, other', 'user@api.example.com', 'user:pass@api.example.com'],
    ...['api.example.com:80:80', 'api.example.com:', 'api.example.com:99999', 'api.example.com:x'],
    ...['api.example.com/read', 'api.example.com?x', 'api.example.com#x', 'api..example.com', '.'],
    ...['api.example.com.', 'API.EXAMPLE.COM', '[::1', '[::1]:80', '[api]', '%61pi.example.com'],
    ...['api example.com', 'api\xff', '\xc3\xa4pi', 'a\0b', '*', '-', `${'a'.repeat(300)}.com`],
  ]
  return [
    ...hosts.map((value): NamedRequest => [
      `host: ${JSON.stringify(value.slice(0, 40))}`,
      rawRequest('GET /read HTTP/1.1', `host: ${value}`),
    ]),
    ['host: twice', rawRequest('GET /read HTTP/1.1', host, 'host: other')],
    ['host: :authority as a header', rawRequest('GET /read HTTP/1.1', host, ':authority: x')],
    ['host: :path as a header', rawRequest('GET /read HTTP/1.1', host, ':path: /health')],
  ]
}
