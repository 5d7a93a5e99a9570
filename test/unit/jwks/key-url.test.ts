/** What a token may choose of a URL, and what it may not. */
import { describe, expect, it } from 'vitest'
import { isFetchableKid, isKeyUrl, keyUrlFor, withoutKid } from '../../../src/jwks/key-url.js'

describe('isKeyUrl', () => {
  it.each([
    'https://keys.example.com/{kid}',
    'http://127.0.0.1:8080/{kid}',
    'https://s3-us-gov-west-1.amazonaws.com/aws-elb-public-keys-prod-us-gov-west-1/{kid}',
    'https://keys.example.com/a/{kid}.pem',
    'https://keys.example.com/{kid}/public?format=pem',
  ])('takes %s', (url) => {
    expect(isKeyUrl(url)).toBe(true)
  })

  it.each([
    '',
    '{kid}',
    '/{kid}',
    'https://keys.example.com/',
    'https://keys.example.com/kid',
    'https://{kid}/',
    'https://{kid}.example.com/a',
    'https://{kid}@keys.example.com/a',
    'https://keys.example.com:{kid}/a',
    'https://keys.example.com\\{kid}',
    '{kid}://keys.example.com/a',
    'https://keys.example.com/a?kid={kid}',
    'https://keys.example.com/a#{kid}',
    'https://keys.example.com/{kid}/{kid}',
    'https://keys.example.com/{kid}?kid={kid}',
    'https://keys.example.com/{kid}#a',
    'https://keys.example.com/a{kid}',
    'https://keys.example.com/%2{kid}',
    'https://keys.example.com/{kid}%2f',
    'https://keys.example.com/{kid}/../all',
    'https://keys.example.com/{kid}/%2e%2e/all',
    'https://keys.example.com/{KID}',
    'https://keys.example.com/{tenant}/{kid}',
    'file:///{kid}',
    'https:///{kid}',
    'https://keys.example.com/{kid}\n',
  ])('refuses %j', (url) => {
    expect(isKeyUrl(url)).toBe(false)
  })
})

const plainKids = [
  'a',
  'c2f80c8b-c05c-4068-af14-17299f7896b1',
  'a.b',
  'a_b-c.D9',
  'k'.repeat(128),
  '__proto__',
]
const strangeKids = [
  '',
  '.',
  '..',
  '.a',
  'a.',
  'a..b',
  '../a',
  'a/../b',
  'a/b',
  '%2e%2e',
  'a%2fb',
  'a?b',
  'a#b',
  'a\\b',
  'a b',
  'a\n',
  'a\u0000',
  'a:b',
  'a@b',
  'a;b',
  'a=',
  'ä',
  '{kid}',
  '$&',
  'k'.repeat(129),
]

describe('a kid', () => {
  it.each(plainKids)('is asked for in its place when it is %j', (kid) => {
    expect(isFetchableKid(kid)).toBe(true)
    const url = keyUrlFor('https://keys.example.com/a/{kid}?b', kid)
    expect(new URL(url).href).toBe(`https://keys.example.com/a/${kid}?b`)
  })

  it.each(strangeKids)('is never asked for when it is %j', (kid) => {
    expect(isFetchableKid(kid)).toBe(false)
    expect(() => keyUrlFor('https://keys.example.com/a/{kid}', kid)).toThrow(TypeError)
  })

  it('is taken out of what operators read', () => {
    const url = 'https://keys.example.com/{kid}'
    const kid = 'c2f80c8b-c05c-4068'
    expect(withoutKid(`https://keys.example.com/${kid} and /b/${kid}`, url, kid)).toBe(
      'https://keys.example.com/{kid} and /b/{kid}',
    )
    expect(withoutKid('https://keys.example.com/a is late', url, 'a')).toBe(
      'https://keys.example.com/{kid} is late',
    )
  })
})
