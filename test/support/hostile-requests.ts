/**
 * Requests that must never reach an upstream, as bytes for any HTTP/1.1 proxy. Each aims at what it has no right to:
 * `/read` without a good token, or `/create` with a token that is good but lacks the scope.
 *
 * Not in here: spellings that a normalising proxy may honestly turn into a public path.
 */
import { hostTricks, pathTricks, requestLines } from './hostile-targets.js'
import { apiHost as host, rawRequest, type NamedRequest } from './raw-http.js'

/** Tokens to attack with. */
export interface AttackTokens {
  /** Good for `/read`. */
  readonly good: string
  /** Well-formed tokens that must be refused, by what is wrong with them. */
  readonly bad: Readonly<Record<string, string>>
}

/** Envoy takes 60 KiB of headers; the request line and the other headers are in there too. */
const nearHeaderLimit = 60 * 1024 - 200

/** Every hostile request. */
export function hostileRequests(tokens: AttackTokens): NamedRequest[] {
  return [
    ...badCredentials(tokens),
    ...misplacedCredentials(tokens.good),
    ...pathTricks(tokens.good),
    ...requestLines(),
    ...hostTricks(),
    ...misleadingHeaders(),
    ...brokenFraming(),
  ]
}

function badCredentials({ good, bad }: AttackTokens): NamedRequest[] {
  const values: Record<string, string> = {
    ...Object.fromEntries(Object.entries(bad).map(([name, token]) => [name, `Bearer ${token}`])),
    'no token after the scheme': 'Bearer',
    'a space for a token': 'Bearer  ',
    garbage: 'Bearer garbage',
    dots: 'Bearer ..',
    'no scheme': good,
    'another scheme': `Token ${good}`,
    'DPoP without a proof': `DPoP ${good}`,
    'a quoted token': `Bearer "${good}"`,
    'two tokens in one value': `Bearer ${good}, Bearer ${good}`,
    'a space inside': `Bearer ${good} x`,
    'a tab after the scheme': `Bearer\t${good}`,
    'bytes that are not UTF-8': 'Bearer \xff\xfe\xc0\x80',
    'a good token with a byte that is not UTF-8 behind': `Bearer ${good}\xff`,
    'an overlong NUL': 'Bearer \xc0\x80',
    'a token over the limit of Scopegate': `Bearer ${good}${'A'.repeat(20_000)}`,
    'a token just under the header limit': `Bearer ${'A'.repeat(nearHeaderLimit)}`,
    'many dots': `Bearer ${'.'.repeat(nearHeaderLimit)}`,
    'many commas': `Bearer ${','.repeat(nearHeaderLimit)}`,
  }
  const single = Object.entries(values).map(([name, value]): NamedRequest => [
    `credentials: ${name}`,
    rawRequest('GET /read HTTP/1.1', host, `authorization: ${value}`),
  ])
  const line = `authorization: Bearer ${good}`
  return [
    ...single,
    ['credentials: none', rawRequest('GET /read HTTP/1.1', host)],
    ['credentials: empty', rawRequest('GET /read HTTP/1.1', host, 'authorization:')],
    ['credentials: good twice', rawRequest('GET /read HTTP/1.1', host, line, line)],
    [
      'credentials: good and bad',
      rawRequest('GET /read HTTP/1.1', host, line, 'Authorization: Bearer x'),
    ],
    [
      'credentials: bad and good',
      rawRequest('GET /read HTTP/1.1', host, 'AUTHORIZATION: Bearer x', line),
    ],
    [
      'credentials: Basic and good',
      rawRequest('GET /read HTTP/1.1', host, 'authorization: Basic eDp5', line),
    ],
    [
      'credentials: a NUL in the value',
      rawRequest('GET /read HTTP/1.1', host, `authorization: Bearer ${good}\0`),
    ],
    [
      'credentials: a space before the colon',
      rawRequest('GET /read HTTP/1.1', host, `authorization : Bearer ${good}`),
    ],
  ]
}

function misplacedCredentials(good: string): NamedRequest[] {
  const encoded = encodeURIComponent(good)
  const places: Record<string, readonly [line: string, ...headers: string[]]> = {
    'the query': [`GET /read?access_token=${encoded} HTTP/1.1`],
    'a cookie': ['GET /read HTTP/1.1', `cookie: access_token=${good}`],
    'Proxy-Authorization': ['GET /read HTTP/1.1', `proxy-authorization: Bearer ${good}`],
    'X-Authorization': ['GET /read HTTP/1.1', `x-authorization: Bearer ${good}`],
    'X-Forwarded-Authorization': [
      'GET /read HTTP/1.1',
      `x-forwarded-authorization: Bearer ${good}`,
    ],
  }
  return Object.entries(places).map(([name, [line, ...headers]]) => [
    `a good token in ${name}`,
    rawRequest(line, host, ...headers),
  ])
}

function misleadingHeaders(): NamedRequest[] {
  const lines = [
    ...['x-envoy-original-path: /health', 'x-original-url: /health', 'x-rewrite-url: /health'],
    ...['x-forwarded-uri: /health', 'x-original-uri: /health', 'x-forwarded-path: /health'],
    ...[
      'x-forwarded-method: OPTIONS',
      'x-http-method-override: OPTIONS',
      'x-forwarded-host: other',
    ],
    ...[
      'x-envoy-auth-failure-mode-allowed: true',
      'x-envoy-internal: true',
      'x-forwarded-for: ::1',
    ],
    ...[
      'x-envoy-expected-rq-timeout-ms: 1',
      'x-envoy-upstream-rq-timeout-ms: 1',
      'grpc-timeout: 1n',
    ],
    ...['x-envoy-force-trace: true', 'x-envoy-retry-on: 5xx', 'x-envoy-max-retries: 9'],
    ...['content-type: application/grpc', 'content-type: application/grpc-web+proto'],
    ...['x-auth-subject: root', 'x_auth_subject: root', 'user-agent: GoogleHC/1.0', 'accept: \xff'],
    ...['content-type: \xff', 'x-request-id: \xff', 'expect: 100-continue', 'te: trailers'],
    ...[
      'connection: authorization',
      'origin: https://other',
      'range: bytes=0-0',
      'cookie: \xff\xfe',
    ],
    `x-large: ${'a'.repeat(nearHeaderLimit)}`,
  ]
  return [
    ...lines.map((line): NamedRequest => [
      `header: ${JSON.stringify(line.slice(0, 50))}`,
      rawRequest('GET /read HTTP/1.1', host, line),
    ]),
    [
      'header: ninety of them',
      rawRequest(
        'GET /read HTTP/1.1',
        host,
        ...Array.from({ length: 90 }, (_, i) => `x-${String(i)}: \xff`),
      ),
    ],
    [
      'header: preflight',
      rawRequest(
        'OPTIONS /read HTTP/1.1',
        ...[host, 'origin: https://other', 'access-control-request-method: GET'],
      ),
    ],
    [
      'header: WebSocket upgrade',
      `GET /read HTTP/1.1\r\n${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
        'sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    ],
    [
      'header: h2c upgrade',
      `GET /read HTTP/1.1\r\n${host}\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\n` +
        'http2-settings: AAMAAABkAAQAAP__\r\n\r\n',
    ],
  ]
}

function brokenFraming(): NamedRequest[] {
  const inner = `GET /read HTTP/1.1\r\n${host}\r\n\r\n`
  const post = (...lines: string[]): string =>
    `POST /create HTTP/1.1\r\n${[host, ...lines].join('\r\n')}\r\n\r\n`
  return [
    [
      'framing: length and chunks',
      post('content-length: 5', 'transfer-encoding: chunked') + `0\r\n\r\n${inner}`,
    ],
    ['framing: two lengths', post('content-length: 0', 'content-length: 5') + inner],
    ['framing: a negative length', post('content-length: -1') + inner],
    ['framing: an unknown coding', post('transfer-encoding: xchunked') + `0\r\n\r\n${inner}`],
    ['framing: a request in the body', post(`content-length: ${String(inner.length)}`) + inner],
    ['framing: pipelined', inner + inner + inner],
    ['framing: not HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  ]
}
