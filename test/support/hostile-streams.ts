/** Header blocks over HTTP/2 that must never reach an upstream: what HTTP/1.1 cannot even say. */
import type { HeaderBlock } from './raw-http2.js'

/** A name for the test's output, and the header block. */
export type HostileStream = readonly [name: string, block: HeaderBlock]

type Field = readonly [name: string, value: string]

const authority: Field = [':authority', 'api.example.com']

/** A whole request line, with one pseudo-header after another. */
function pseudo(method: string, path: string, host: Field = authority): Field[] {
  return [[':method', method], [':scheme', 'http'], host, [':path', path]]
}

/** Every hostile stream; `good` is a token for `/read` without the scope of `/create`. */
export function hostileStreams(good: string): HostileStream[] {
  const bearer: Field = ['authorization', `Bearer ${good}`]
  const read = pseudo('GET', '/read')
  return [
    ...pathTricks(bearer),
    ...authorityTricks(bearer),
    ['no token', read],
    ['two good tokens', [...read, bearer, bearer]],
    ['a good and a bad token', [...read, bearer, ['authorization', 'Bearer x']]],
    ['a bad and a good token', [...read, ['authorization', 'Bearer x'], bearer]],
    ['a name in upper case', [...read, ['Authorization', bearer[1]]]],
    ['an empty name', [...read, ['', bearer[1]]]],
    ['bytes that are not UTF-8', [...read, ['authorization', `${bearer[1]}\xff`], ['x', '\xff']]],
    ['a line break in a value', [...read, ['x', 'a\r\nauthorization: b']]],
    ['a NUL in a value', [...read, ['authorization', `${bearer[1]}\0`]]],
    ['cookies in crumbs', [...read, ['cookie', 'access_token='], ['cookie', good]]],
    ['a lower-case method', [...pseudo('get', '/read'), bearer]],
    ['an unknown method', [...pseudo('FOO', '/read'), bearer]],
    ['a method with a space', [...pseudo('GET /health', '/read'), bearer]],
    ['an empty method', [...pseudo('', '/read'), bearer]],
    ['two methods', [[':method', 'GET'], ...pseudo('POST', '/create'), bearer]],
    ['two paths', [[':path', '/health'], ...read]],
    ['two paths, the other way round', [...read, [':path', '/health']]],
    ['two authorities', [authority, ...pseudo('POST', '/create'), bearer]],
    ['no path', [...read.filter(([name]) => name !== ':path'), bearer]],
    ['no method', [...read.filter(([name]) => name !== ':method'), bearer]],
    ['no scheme', read.filter(([name]) => name !== ':scheme')],
    ['an unknown pseudo-header', [...read, [':status', '200']]],
    ['a pseudo-header after a header', [bearer, ...pseudo('POST', '/create')]],
    ['another scheme', [[':scheme', 'ftp'], ...read.filter(([name]) => name !== ':scheme')]],
    ['nothing at all', []],
    ['CONNECT', [[':method', 'CONNECT'], [':authority', '127.0.0.1:8002'], bearer]],
    ['CONNECT with a path', [...pseudo('CONNECT', '/create'), bearer]],
    ['CONNECT as a WebSocket', [...pseudo('CONNECT', '/read'), [':protocol', 'websocket']]],
    ['a connection header', [...read, ['connection', 'authorization']]],
    ['a transfer coding', [...read, ['transfer-encoding', 'chunked']]],
    [
      'gRPC',
      [...pseudo('POST', '/create'), ['content-type', 'application/grpc'], ['te', 'trailers']],
    ],
    ['a block near the limit', [...read, ['authorization', `Bearer ${'A'.repeat(60_000)}`]]],
    ['a block over the limit', [...read, ['x', 'a'.repeat(70_000)], bearer]],
  ]
}

function pathTricks(bearer: Field): HostileStream[] {
  const paths = [
    ...['//read', '/./read', '/health/../read', '/health/..;/read', '/health#/../read', '/read#'],
    ...[
      'read',
      '',
      '*',
      '?',
      '/read ',
      ' /read',
      'http://api.example.com/read',
      '/read\\',
      '\\read',
    ],
    ...[
      '/read%00',
      '/r%65ad',
      '/health%2f..%2fread',
      '/READ',
      '/read\x7f',
      '/read\xff',
      ':80/read',
    ],
    ...['/read\0', '/read\r\nx: y', '/read\t', '/read HTTP/1.1', '/\xc0\xaeread', '/read\xc3\xbf'],
  ]
  return paths.flatMap((path): HostileStream[] => [
    [`path without a token: ${JSON.stringify(path)}`, pseudo('GET', path)],
    [
      `path without the scope: ${JSON.stringify(path)}`,
      [...pseudo('POST', path.replaceAll('read', 'create')), bearer],
    ],
  ])
}

function authorityTricks(bearer: Field): HostileStream[] {
  const hosts = [
    ...[
      '',
      'user@api.example.com',
      'api.example.com,other',
      'api.example.com/health',
      'a b',
      '\xff',
    ],
    ...[
      '[::1',
      '[api]',
      'api.example.com:x',
      'api.example.com#',
      'api.example.com?',
      '*',
      '.',
      ':80',
    ],
  ]
  return [
    ...hosts.map((host): HostileStream => [
      `authority ${JSON.stringify(host)}`,
      [...pseudo('POST', '/create', [':authority', host]), bearer],
    ]),
    ['a host beside the authority', [...pseudo('POST', '/create'), ['host', 'other'], bearer]],
    ['two hosts beside the authority', [...pseudo('GET', '/read'), ['host', 'a'], ['host', 'b']]],
  ]
}
