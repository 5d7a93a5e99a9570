/** Targets that have one meaning, and targets that an upstream could read as another path (standards 143, style 10.6). */
import { describe, expect, it } from 'vitest'
import { canonicalPath } from '../../../src/policy/index.js'

describe('a target with one meaning', () => {
  const targets: [target: string, path: string][] = [
    ['/', '/'],
    ['/read', '/read'],
    ['/read/', '/read/'],
    ['/READ', '/READ'],
    ['/users/42', '/users/42'],
    ['/a/b/c/d/e/f/g/h', '/a/b/c/d/e/f/g/h'],
    ['/read?', '/read'],
    ['/read?a=b', '/read'],
    ['/read?a=/../b', '/read'],
    ['/read?a=//&b=%2e%2e/', '/read'],
    ['/read?a?b', '/read'],
    ['/read?é', '/read'],
    ['/?', '/'],
    ['/.well-known/jwks.json', '/.well-known/jwks.json'],
    ['/.hidden/..hidden/a..b', '/.hidden/..hidden/a..b'],
    ['/file.tar.gz', '/file.tar.gz'],
    ["/-_~!$&'()*+,=:@", "/-_~!$&'()*+,=:@"],
    ['/a|b[0]^c', '/a|b[0]^c'],
    ['/caf%C3%A9', '/caf%C3%A9'],
    ['/caf%c3%a9', '/caf%C3%A9'],
    ['/%f0%9f%98%80', '/%F0%9F%98%80'],
    ['/a%20b', '/a%20b'],
    ['/%3Fa%23b', '/%3Fa%23b'],
    ['/100%25', '/100%25'],
    ['/%25%25', '/%25%25'],
    ['/a%3ab', '/a%3Ab'],
    ['/users/alice%40example.com', '/users/alice%40example.com'],
    ['*', '*'],
    [`/${'a'.repeat(8_191)}`, `/${'a'.repeat(8_191)}`],
  ]

  it.each(targets)('%j is the path %j', (target, path) => {
    expect(canonicalPath(target)).toEqual({ kind: 'path', path })
  })
})

describe('a target without one meaning', () => {
  const targets: [why: string, target: string][] = [
    ['nothing', ''],
    ['no slash in front', 'read'],
    ['absolute form', 'http://evil.example/read'],
    ['authority form', 'evil.example:443'],
    ['scheme alone', 'https:/read'],
    ['network path', '//evil.example/read'],
    ['only a query', '?a=b'],
    ['asterisk and more', '*/read'],
    ['asterisk twice', '**'],
    ['empty segment', '/a//b'],
    ['empty segment in front', '//'],
    ['empty segment at the end', '/a//'],
    ['dot segment', '/./a'],
    ['dot segment inside', '/a/./b'],
    ['dot segment at the end', '/a/.'],
    ['parent', '/../a'],
    ['parent inside', '/public/../admin'],
    ['parent at the end', '/a/..'],
    ['three dots', '/.../a'],
    ['segment that ends in a dot', '/admin./users'],
    ['path that ends in a dot', '/admin.'],
    ['encoded dots', '/public/%2e%2e/admin'],
    ['encoded dots in upper case', '/public/%2E%2E/admin'],
    ['half encoded dots', '/public/.%2e/admin'],
    ['encoded dot at the end', '/admin%2e'],
    ['encoded slash', '/public%2fadmin'],
    ['encoded slash in upper case', '/public%2Fadmin'],
    ['encoded parent and slash', '/public/..%2fadmin'],
    ['backslash', '/public\\admin'],
    ['backslash parent', '/public\\..\\admin'],
    ['encoded backslash', '/public%5cadmin'],
    ['encoded backslash in upper case', '/public%5Cadmin'],
    ['matrix parameter', '/admin;x=1/users'],
    ['matrix parameter with dots', '/public/..;/admin'],
    ['matrix parameter at the end', '/admin;'],
    ['encoded matrix parameter', '/admin%3bx'],
    ['encoded matrix parameter in upper case', '/public/..%3B/admin'],
    ['double encoding of a dot', '/public/%252e%252e/admin'],
    ['double encoding of a slash', '/public%252fadmin'],
    ['double encoding of a letter', '/%2561dmin'],
    ['triple encoding', '/%25252e'],
    ['encoded letter', '/%61dmin'],
    ['encoded digit', '/users/%34%32'],
    ['encoded hyphen', '/a%2db'],
    ['encoded underscore', '/a%5Fb'],
    ['encoded tilde', '/%7Ealice'],
    ['NUL', '/a\0b'],
    ['encoded NUL', '/a%00b'],
    ['encoded NUL at the end', '/public/x.css%00'],
    ['encoded newline', '/a%0ab'],
    ['encoded carriage return', '/a%0D%0Ahost:x'],
    ['encoded tab', '/a%09'],
    ['encoded delete', '/a%7f'],
    ['tab', '/a\tb'],
    ['newline', '/a\n'],
    ['space', '/a b'],
    ['encoded space at the end of a segment', '/admin%20/users'],
    ['encoded space at the end', '/admin%20'],
    ['overlong slash', '/public%c0%afadmin'],
    ['overlong dot', '/%c0%ae%c0%ae/admin'],
    ['overlong slash of three octets', '/public%e0%80%afadmin'],
    ['UTF-8 that is cut off', '/caf%c3'],
    ['octet that is no UTF-8', '/%ff'],
    ['Latin-1', '/caf%e9'],
    ['encoded surrogate', '/%ed%a0%80'],
    ['octets beyond Unicode', '/%f4%90%80%80'],
    ['letter beyond ASCII', '/café'],
    ['fullwidth slash', '/public／admin'],
    ['emoji', '/😀'],
    ['lone surrogate', '/\ud800'],
    ['incomplete encoding', '/a%'],
    ['encoding of one digit', '/a%2'],
    ['encoding of no digits', '/a%zz'],
    ['encoding of Microsoft', '/a%u002f'],
    ['fragment', '/read#admin'],
    ['fragment in the query', '/read?a#b'],
    ['space in the query', '/read?a b HTTP/1.1'],
    ['newline in the query', '/read?a\r\nx: y'],
    ['NUL in the query', '/read?a\0'],
    ['quote', '/a"b'],
    ['angle bracket', '/a<b'],
    ['brace', '/users/{id}'],
    ['backtick', '/a`b'],
    ['path that is too long', `/${'a'.repeat(8_192)}`],
  ]

  it.each(targets)('is refused: %s', (_, target) => {
    expect(canonicalPath(target)).toEqual({ kind: 'ambiguous' })
  })

  it.each(['*?a b', '*?a\r\nb', '*?a#b'])('is refused: %j after an asterisk', (target) => {
    expect(canonicalPath(target)).toEqual({ kind: 'ambiguous' })
  })
})

describe('a long target', () => {
  it.each(['/', '/a', '%', '%25', '.', '?', '/%C3%A9', '%20'])(
    'of a million times %j is judged in linear time',
    (part) => {
      const target = `/${part.repeat(1_000_000)}`
      const start = performance.now()
      canonicalPath(target)
      expect(performance.now() - start).toBeLessThan(5_000) // In square time it would be hours.
    },
  )
})
