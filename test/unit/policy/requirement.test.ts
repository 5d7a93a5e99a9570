/** What a route demands, as a truth table (standards 77 and 78). */
import { describe, expect, it } from 'vitest'
import {
  requiredNames,
  unmetRequirement,
  type Grant,
  type NameExpression,
  type Requirement,
} from '../../../src/policy/index.js'
import { isMet } from '../../../src/policy/requirement.js'

function grant(changes: Partial<Grant> = {}): Grant {
  return {
    scopes: new Set(['a', 'b']),
    permissions: new Set(['p']),
    roles: new Set(['r']),
    claims: {
      org: 'org_1',
      level: 3,
      rounded: 2 ** 53,
      ok: true,
      nested: { tier: 'gold' },
      nothing: null,
    },
    ...changes,
  }
}

describe('isMet', () => {
  const table: [NameExpression, granted: string, met: boolean][] = [
    ['a', 'a', true],
    ['a', 'b', false],
    ['a', '', false],
    ['a', 'aa', false],
    ['a', 'A', false],
    ['read', 'read:all', false],
    [{ all: ['a', 'b'] }, 'a b c', true],
    [{ all: ['a', 'b'] }, 'a', false],
    [{ all: [] }, '', true],
    [{ any: ['a', 'b'] }, 'b', true],
    [{ any: ['a', 'b'] }, 'c', false],
    [{ any: [] }, 'a', false],
    [{ none: ['a', 'b'] }, 'c', true],
    [{ none: ['a', 'b'] }, '', true],
    [{ none: ['a', 'b'] }, 'b', false],
    [{ none: [] }, 'a', true],
    [{ all: ['a', { any: ['b', 'c'] }] }, 'a c', true],
    [{ all: ['a', { any: ['b', 'c'] }] }, 'a', false],
    [{ all: ['a', { none: ['b'] }] }, 'a', true],
    [{ all: ['a', { none: ['b'] }] }, 'a b', false],
    [{ any: [{ all: ['a', 'b'] }, 'admin'] }, 'admin', true],
    [{ any: [{ all: ['a', 'b'] }, 'admin'] }, 'a', false],
    [{ none: [{ none: ['a'] }] }, 'a', true],
    [{ none: [{ none: ['a'] }] }, 'b', false],
    [{ none: [{ all: ['a', 'b'] }] }, 'a', true],
    [{ none: [{ all: ['a', 'b'] }] }, 'a b', false],
  ]

  it.each(table)('of %j with %j is %s', (expression, granted, met) => {
    expect(isMet(expression, new Set(granted.split(' ').filter(Boolean)))).toBe(met)
  })
})

describe('unmetRequirement', () => {
  const met: [string, Requirement][] = [
    ['nothing at all', {}],
    ['a scope', { scopes: 'a' }],
    ['a permission', { permissions: 'p' }],
    ['a role', { roles: 'r' }],
    ['a claim that is a string', { claims: [{ claim: ['org'], equals: 'org_1' }] }],
    ['a claim that is a number', { claims: [{ claim: ['level'], equals: 3 }] }],
    ['a claim that is a boolean', { claims: [{ claim: ['ok'], equals: true }] }],
    ['a nested claim', { claims: [{ claim: ['nested', 'tier'], equals: 'gold' }] }],
    [
      'everything together',
      {
        scopes: { all: ['a', 'b'] },
        permissions: 'p',
        roles: 'r',
        claims: [
          { claim: ['org'], equals: 'org_1' },
          { claim: ['level'], equals: 3 },
        ],
      },
    ],
  ]

  it.each(met)('is none for %s', (_, requirement) => {
    expect(unmetRequirement(requirement, grant())).toBeUndefined()
  })

  const unmet: [string, Requirement, string][] = [
    ['a scope', { scopes: 'c' }, 'insufficient_scope'],
    ['a permission in place of a scope', { scopes: 'p' }, 'insufficient_scope'],
    ['a scope in place of a permission', { permissions: 'a' }, 'insufficient_role'],
    ['a permission in place of a role', { roles: 'p' }, 'insufficient_role'],
    [
      'a claim of another value',
      { claims: [{ claim: ['org'], equals: 'org_2' }] },
      'claim_mismatch',
    ],
    [
      'a number that may have been another one',
      { claims: [{ claim: ['rounded'], equals: 2 ** 53 }] },
      'claim_mismatch',
    ],
    ['a number as a string', { claims: [{ claim: ['level'], equals: '3' }] }, 'claim_mismatch'],
    ['a boolean as a string', { claims: [{ claim: ['ok'], equals: 'true' }] }, 'claim_mismatch'],
    ['a boolean as a number', { claims: [{ claim: ['ok'], equals: 1 }] }, 'claim_mismatch'],
    ['null as false', { claims: [{ claim: ['nothing'], equals: false }] }, 'claim_mismatch'],
    ['a missing claim', { claims: [{ claim: ['no'], equals: 'x' }] }, 'claim_mismatch'],
    ['an inherited claim', { claims: [{ claim: ['constructor'], equals: 'x' }] }, 'claim_mismatch'],
    [
      'the second of two claims',
      {
        claims: [
          { claim: ['org'], equals: 'org_1' },
          { claim: ['level'], equals: 4 },
        ],
      },
      'claim_mismatch',
    ],
    ['a scope before a role', { scopes: 'c', roles: 'x' }, 'insufficient_scope'],
    [
      'a role before a claim',
      { roles: 'x', claims: [{ claim: ['no'], equals: 1 }] },
      'insufficient_role',
    ],
  ]

  it.each(unmet)('is named for %s', (_, requirement, reason) => {
    expect(unmetRequirement(requirement, grant())).toBe(reason)
  })
})

describe('requiredNames', () => {
  const table: [NameExpression, string[]][] = [
    ['a', ['a']],
    [{ all: ['b', 'a'] }, ['b', 'a']],
    [{ all: ['a', { all: ['b', 'a'] }] }, ['a', 'b']],
    [{ any: ['a', 'b'] }, ['a']],
    [{ any: [] }, []],
    [{ none: ['a'] }, []],
    [{ all: ['a', { any: ['b', 'c'] }, { none: ['d'] }] }, ['a', 'b']],
    [{ any: [{ all: ['a', 'b'] }, 'admin'] }, ['a', 'b']],
  ]

  it.each(table)('of %j are %j', (expression, names) => {
    expect(requiredNames(expression)).toEqual(names)
  })
})
