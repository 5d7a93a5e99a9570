/** Actors and subject types (RFC 8693 section 4.1, RFC 9068 section 2.2, standards 83). */
import { describe, expect, it } from 'vitest'
import { isActorAccepted, subjectTypeOf } from '../../../src/policy/index.js'

describe('isActorAccepted', () => {
  const named = { actors: new Set(['desk']) }
  const nested = { sub: 'desk', act: { sub: 'robot' } }

  it.each([
    [{}, true, true, true],
    [{ act: { sub: 'desk' } }, false, true, true],
    [{ act: { sub: 'robot' } }, false, true, false],
    [{ act: nested }, false, true, true],
    [{ act: { sub: 'robot', act: { sub: 'desk' } } }, false, true, false],
    [{ act: { sub: 'desk', iss: 'https://a' }, iss: 'https://a' }, false, true, true],
    [{ act: { sub: 'desk', iss: 'https://b' }, iss: 'https://a' }, false, true, false],
    [{ act: { sub: '' } }, false, false, false],
    [{ act: { sub: ['desk'] } }, false, false, false],
    [{ act: {} }, false, false, false],
    [{ act: null }, false, false, false],
    [{ act: 'desk' }, false, false, false],
    [{ act: ['desk'] }, false, false, false],
  ])('of %j: refuse %s, allow %s, named %s', (claims, refuse, allow, actors) => {
    expect(isActorAccepted('refuse', claims)).toBe(refuse)
    expect(isActorAccepted('allow', claims)).toBe(allow)
    expect(isActorAccepted(named, claims)).toBe(actors)
  })
})

describe('subjectTypeOf', () => {
  it.each([
    [{ sub: 'app' }, ['app'], 'client'],
    [{ sub: 'alice' }, ['app'], 'user'],
    [{ sub: 'alice' }, [], undefined],
    [{}, ['app'], undefined],
    [{ sub: 5 }, ['app'], undefined],
    [{ sub: 'x@clients', gty: 'client-credentials' }, ['x'], 'client'],
    [{ sub: 'x@clients' }, ['x'], 'client'],
    [{ sub: 'mallory@clients' }, ['x'], 'user'], // Where users choose their names.
    [{ sub: 'mallory@clients' }, [], undefined],
    [{ sub: 'auth0|1', gty: 'password' }, ['x'], 'user'],
    [{ sub: 's', oid: 's', idtyp: 'app' }, ['a'], 'client'],
    [{ sub: 's', oid: 'o', idtyp: 'user' }, ['a'], 'user'],
    [{ sub: 's', oid: 'o' }, ['a'], undefined],
    [{ sub: 'a', idtyp: 'user' }, ['a'], undefined],
  ])('of %j with clients %j is %s', (claims, clients, type) => {
    expect(subjectTypeOf(claims, clients, undefined)).toBe(type)
  })

  it.each([
    ['app', 'client'],
    ['user', 'user'],
    ['other', undefined],
    [['app'], undefined],
    [null, undefined],
    [undefined, 'user'],
  ])('goes by the rule of the issuer alone: %j is %s', (kind, type) => {
    const rule = {
      claim: ['kind'],
      user: new Set(['user']),
      client: new Set(['app']),
      absent: 'user',
    } as const
    const claims = kind === undefined ? { sub: 'app' } : { sub: 'app', kind }
    expect(subjectTypeOf(claims, ['app'], rule)).toBe(type)
    expect(subjectTypeOf({}, ['app'], { ...rule, absent: undefined })).toBeUndefined()
  })
})
