import { describe, expect, it } from 'vitest'
import { parseRoutePattern } from '../../../src/policy/index.js'

describe('parseRoutePattern', () => {
  const literal = (text: string) => ({ kind: 'literal', text })
  const one = (name?: string) => ({ kind: 'one', name })
  const rest = { kind: 'rest' }

  it.each([
    ['/', [literal('')]],
    ['/read', [literal('read')]],
    ['/read/', [literal('read'), literal('')]],
    ['/users/{id}', [literal('users'), one('id')]],
    ['/users/*/posts/{post_id}', [literal('users'), one(), literal('posts'), one('post_id')]],
    ['/*', [one()]],
    ['/**', [rest]],
    ['/me/**', [literal('me'), rest]],
    ['/{a}/{b}/**', [one('a'), one('b'), rest]],
    ['/a.b-c_d~e', [literal('a.b-c_d~e')]],
    ['/caf%C3%A9', [literal('caf%C3%A9')]],
    ['/@me:x', [literal('@me:x')]],
  ])('reads %s', (text, pattern) => {
    expect(parseRoutePattern(text)).toEqual({ kind: 'pattern', pattern })
  })

  it.each([
    ['read', 'does not start with a slash'],
    ['', 'does not start with a slash'],
    ['*', 'does not start with a slash'],
    ['/**/a', 'is not the last segment'],
    ['/a/**/', 'is not the last segment'],
    ['/{id}/{id}', 'names {id} twice'],
    ['/a{id}', 'mixes a wildcard with text'],
    ['/{id}.json', 'mixes a wildcard with text'],
    ['/{}', 'mixes a wildcard with text'],
    ['/{1}', 'mixes a wildcard with text'],
    ['/{a-b}', 'mixes a wildcard with text'],
    ['/{id', 'mixes a wildcard with text'],
    ['/a*', 'mixes a wildcard with text'],
    ['/***', 'mixes a wildcard with text'],
    ['//', 'not in canonical form'],
    ['/a//b', 'not in canonical form'],
    ['/./a', 'not in canonical form'],
    ['/../a', 'not in canonical form'],
    ['/a.', 'not in canonical form'],
    ['/a;b', 'not in canonical form'],
    ['/a?b', 'not in canonical form'],
    ['/a#b', 'not in canonical form'],
    ['/a b', 'not in canonical form'],
    ['/café', 'not in canonical form'],
    ['/caf%c3%a9', 'not in canonical form'],
    ['/%61', 'not in canonical form'],
    ['/a%2Fb', 'not in canonical form'],
    ['/a\\b', 'not in canonical form'],
  ])('says what is wrong with %j', (text, message) => {
    const parsed = parseRoutePattern(text)
    expect(parsed.kind).toBe('problem')
    expect(parsed).toMatchObject({ message: expect.stringContaining(message) as string })
    expect((parsed as { hint: string }).hint).not.toBe('')
  })
})
