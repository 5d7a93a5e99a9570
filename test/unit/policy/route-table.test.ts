/** Which route a request belongs to: specificity, methods, hosts, conflicts, cost (design 3). */
import { describe, expect, it } from 'vitest'
import { parseRoutePattern, type RouteEntry } from '../../../src/policy/index.js'
import { compileRouteTable } from '../../../src/policy/route-table.js'

/** An entry written as `[methods] [host]path`; the text itself is the route. */
function entry(text: string): RouteEntry<string> {
  const [, methods = '', host = '', path = ''] = /^(?:([A-Z,]+) )?([^/]*)(\/.*)$/.exec(text) ?? []
  const parsed = parseRoutePattern(path)
  if (parsed.kind === 'problem') throw new Error(parsed.message)
  return {
    hosts: host === '' ? [] : host.split(','),
    methods: methods === '' ? [] : methods.split(','),
    pattern: parsed.pattern,
    route: text,
  }
}

function table(...routes: string[]) {
  const compiled = compileRouteTable(routes.map(entry))
  expect(compiled.conflicts).toEqual([])
  return (path: string, method = 'GET', host = 'any.example') =>
    compiled.table.match(method, host, path)
}

describe('the path of a request', () => {
  it.each([
    ['/read', '/read', true],
    ['/read', '/read/', false],
    ['/read/', '/read', false],
    ['/read', '/Read', false],
    ['/read', '/rea', false],
    ['/read', '/read/x', false],
    ['/read', '/', false],
    ['/', '/', true],
    ['/', '/a', false],
    ['/users/{id}', '/users/42', true],
    ['/users/{id}', '/users/', false],
    ['/users/{id}', '/users', false],
    ['/users/{id}', '/users/42/', false],
    ['/users/{id}', '/users/42/posts', false],
    ['/users/*/posts', '/users/42/posts', true],
    ['/users/*/posts', '/users//posts', false],
    ['/me/**', '/me/', true],
    ['/me/**', '/me/a', true],
    ['/me/**', '/me/a/b/c/', true],
    ['/me/**', '/me', false],
    ['/me/**', '/mea', false],
    ['/**', '/', true],
    ['/**', '/a/b', true],
    ['/**', '*', false],
    ['/*', '/', false],
    ['/*', '/a', true],
  ])('on the table of %s alone: %s matches: %s', (pattern, path, matches) => {
    expect(table(pattern)(path)).toBe(matches ? pattern : undefined)
  })
})

describe('the most specific route', () => {
  it.each([
    ['a literal over a variable', '/users/me', ['/users/{id}', '/users/me'], '/users/me'],
    ['a literal over the rest', '/users/me', ['/**', '/users/me'], '/users/me'],
    ['a variable over the rest', '/users/1', ['/users/**', '/users/{id}'], '/users/{id}'],
    ['the longer prefix', '/a/b/c', ['/**', '/a/**', '/a/b/**'], '/a/b/**'],
    ['an earlier literal', '/a/b', ['/*/b', '/a/*'], '/a/*'],
    ['an earlier literal over a whole pattern', '/a/b/c', ['/*/b/c', '/a/**'], '/a/**'],
    ['a variable where no literal fits', '/users/you', ['/users/{id}', '/users/me'], '/users/{id}'],
    ['another branch where the first ends', '/a/b/d', ['/a/b/c', '/a/*/d', '/**'], '/a/*/d'],
    ['the rest where all branches end', '/a/b/x', ['/a/b/c', '/a/*/d', '/a/**'], '/a/**'],
  ])('is %s', (_, path, routes, expected) => {
    expect(table(...routes)(path)).toBe(expected)
    expect(table(...routes.toReversed())(path)).toBe(expected)
  })

  it.each([
    ['a named method over any', 'GET', ['/a', 'GET /a'], 'GET /a'],
    ['any method for another', 'POST', ['/a', 'GET /a'], '/a'],
    ['none for a method that no route takes', 'PUT', ['GET /a', 'POST /a'], undefined],
    ['a less specific path that takes the method', 'POST', ['GET /a', '/*'], '/*'],
    ['the more specific path, whatever its method says', 'GET', ['/a', 'GET /*'], '/a'],
    ['one of several methods', 'PUT', ['GET /a', 'POST,PUT /a'], 'POST,PUT /a'],
    ['not by the method in lower case', 'get', ['GET /a'], undefined],
    ['never by a method that looks like a wildcard', 'X', ['GET /a'], undefined],
  ])('is %s', (_, method, routes, expected) => {
    expect(table(...routes)('/a', method)).toBe(expected)
    expect(table(...routes.toReversed())('/a', method)).toBe(expected)
  })

  it.each([
    ['a named host over any', 'h.example', ['/a', 'h.example/a'], 'h.example/a'],
    ['any host for another', 'i.example', ['/a', 'h.example/a'], '/a'],
    ['a named host, however general its path', 'h.example', ['/a', 'h.example/**'], 'h.example/**'],
    ['any host where the named one has no such path', 'h.example', ['/a', 'h.example/b'], '/a'],
    ['one of several hosts', 'i.example', ['/a', 'h.example,i.example/a'], 'h.example,i.example/a'],
    ['none of a host above', 'example', ['h.example/a'], undefined],
    ['none of a host below', 'x.h.example', ['h.example/a'], undefined],
    ['any host where the named one lacks the method', 'h.example', ['/a', 'PUT h.example/a'], '/a'],
  ])('is %s', (_, host, routes, expected) => {
    expect(table(...routes)('/a', 'GET', host)).toBe(expected)
    expect(table(...routes.toReversed())('/a', 'GET', host)).toBe(expected)
  })

  it('is found among names that every object has', () => {
    const match = table('/constructor', '/__proto__/x', 'h.example/toString')
    expect(match('/constructor')).toBe('/constructor')
    expect(match('/__proto__/x')).toBe('/__proto__/x')
    expect(match('/hasOwnProperty')).toBeUndefined()
    expect(match('/a', 'constructor', '__proto__')).toBeUndefined()
  })
})

describe('a conflict', () => {
  function conflicts(...routes: string[]) {
    return compileRouteTable(routes.map(entry)).conflicts
  }

  it.each([
    ['the same path', ['/a', '/a']],
    ['variables of other names', ['/users/{id}', '/users/{name}']],
    ['a variable and a star', ['/users/{id}', '/users/*']],
    ['the same rest', ['/a/**', '/a/**']],
    ['one method in common', ['GET,PUT /a', 'POST,PUT /a']],
    ['one host in common', ['h.example,i.example/a', 'i.example,j.example/a']],
  ])('is %s', (_, routes) => {
    expect(conflicts(...routes)).toEqual([{ first: 0, second: 1 }])
  })

  it.each([
    ['other methods', ['GET /a', 'POST /a']],
    ['a method and any method', ['GET /a', '/a']],
    ['other hosts', ['h.example/a', 'i.example/a']],
    ['a host and any host', ['h.example/a', '/a']],
    ['a literal and a variable', ['/a', '/{x}']],
    ['a variable and the rest', ['/{x}', '/**']],
    ['paths that cross', ['/a/*', '/*/b']],
    ['a slash at the end', ['/a', '/a/']],
  ])('is not %s', (_, routes) => {
    expect(conflicts(...routes)).toEqual([])
  })

  it('is reported once for each pair, against the first of them', () => {
    expect(
      conflicts('GET,PUT h.example,i.example/a', '/b', 'GET,PUT h.example,i.example/a', '/b'),
    ).toEqual([
      { first: 0, second: 2 },
      { first: 1, second: 3 },
    ])
  })

  it('is not a route against itself', () => {
    expect(conflicts('GET,GET h.example,h.example/a')).toEqual([])
  })
})

describe('the cost of a match', () => {
  it('does not grow with the number of routes', () => {
    const paths = Array.from({ length: 20_000 }, (_, index) => `/v1/things/${String(index)}/{id}`)
    const small = table(...paths.slice(0, 20))
    const large = table(...paths)
    const time = (match: typeof small): number => {
      const start = performance.now()
      for (let i = 0; i < 20_000; i++) match(`/v1/things/${String(i % 20)}/x`)
      return performance.now() - start
    }
    time(small)
    time(large)
    // A scan of the routes would cost a thousand times as much. 200 ms is for a machine that is busy.
    expect(time(large)).toBeLessThan(time(small) * 20 + 200)
  })
})
