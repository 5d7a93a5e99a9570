import { describe, expect, it } from 'vitest'
import { parseJsonPointer, resolveJsonPointer } from '../../../src/policy/index.js'

function at(document: unknown, text: string): unknown {
  const pointer = parseJsonPointer(text)
  expect(pointer).toBeDefined()
  return resolveJsonPointer(document, pointer!)
}

describe('parseJsonPointer', () => {
  it.each([
    ['/scope', ['scope']],
    ['/realm_access/roles', ['realm_access', 'roles']],
    ['/https:~1~1a.example~1roles', ['https://a.example/roles']],
    ['/~01', ['~1']],
    ['/~0~1', ['~/']],
    ['/', ['']],
    ['/a//b', ['a', '', 'b']],
    ['/a b/é', ['a b', 'é']],
  ])('of %j is %j', (text, tokens) => {
    expect(parseJsonPointer(text)).toEqual(tokens)
  })

  it.each(['', 'scope', '#/scope', '/~', '/~2', '/a~', '/~~0'])('of %j is none', (text) => {
    expect(parseJsonPointer(text)).toBeUndefined()
  })
})

describe('resolveJsonPointer', () => {
  // RFC 6901 section 5, the example.
  const document = {
    foo: ['bar', 'baz'],
    '': 0,
    'a/b': 1,
    'c%d': 2,
    'e^f': 3,
    'g|h': 4,
    'i\\j': 5,
    'k"l': 6,
    ' ': 7,
    'm~n': 8,
  }

  it.each([
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
  ])('finds what RFC 6901 finds at %j', (text, value) => {
    expect(at(document, text)).toEqual(value)
  })

  it('finds null and false as they are', () => {
    expect(at({ a: null }, '/a')).toBeNull()
    expect(at({ a: { b: false } }, '/a/b')).toBe(false)
  })

  it.each([
    '/constructor',
    '/__proto__',
    '/toString',
    '/hasOwnProperty/call',
    '/a/__proto__',
    '/list/map',
    '/text/0',
    '/text/length',
    '/list/5',
    '/list/-1',
    '/list/00',
    '/list/-',
    '/nothing/x',
    '/a/b/c',
    '/missing',
  ])('finds nothing at %s', (text) => {
    const claims = { a: { b: 'c' }, list: ['x'], text: 'text', nothing: null }
    expect(at(claims, text)).toBeUndefined()
  })

  it('finds no length of a list, which is not one of its items', () => {
    expect(at({ list: ['x'] }, '/list/length')).toBeUndefined()
  })

  it('finds a member that has the name of an inherited one', () => {
    const claims: unknown = JSON.parse('{"__proto__":{"a":1},"constructor":2}')
    expect(at(claims, '/__proto__/a')).toBe(1)
    expect(at(claims, '/constructor')).toBe(2)
  })

  it.each([undefined, null, 1, 'text', true])('finds nothing in %j', (document) => {
    expect(resolveJsonPointer(document, ['a'])).toBeUndefined()
  })
})
