/** Scopes that imply others, and wildcards in granted ones (standards 79, ADR 0023). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createImplyScopes,
  findCircle,
  namesAt,
  unmetRequirement,
  type NameExpression,
} from '../../../src/policy/index.js'

type Separator = Parameters<typeof createImplyScopes>[1]

function passes(
  scope: unknown,
  scopes: NameExpression,
  hierarchy: Record<string, string[]> = {},
  separator?: Separator,
): boolean {
  const imply = createImplyScopes(new Map(Object.entries(hierarchy)), separator)
  const grant = { scopes: imply(namesAt({ scope }, [['scope']])), claims: {} }
  return unmetRequirement({ scopes }, grant) === undefined
}

describe('a hierarchy', () => {
  const hierarchy = { admin: ['write', 'audit'], write: ['read'], read: ['list'] }

  it.each([
    ['admin', 'admin', true],
    ['admin', 'write', true],
    ['admin', 'list', true],
    ['write', 'read', true],
    ['read', 'write', false],
    ['write', 'admin', false],
    ['write', 'audit', false],
    ['Admin', 'write', false],
    ['constructor', 'write', false],
  ])('with %s gives %s: %s', (granted, demanded, passing) => {
    expect(passes(granted, demanded, hierarchy)).toBe(passing)
  })

  it('gives what is forbidden too', () => {
    expect(passes('admin', { none: ['read'] }, hierarchy)).toBe(false)
    expect(passes('audit', { none: ['read'] }, hierarchy)).toBe(true)
    expect(passes(['audit', 1], { none: ['read'] }, hierarchy)).toBe(false)
  })

  it('is the transitive closure, whatever it is', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const edges = fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 })), { maxLength: 12 })
    let implied = 0
    fc.assert(
      fc.property(
        edges,
        fc.subarray(names),
        fc.constantFrom(...names),
        (pairs, granted, wanted) => {
          const hierarchy: Record<string, string[]> = {}
          for (const [one, other] of pairs) {
            if (one < other) (hierarchy[names[one]!] ??= []).push(names[other]!)
          }
          const reaches = (from: string): boolean =>
            from === wanted || (hierarchy[from] ?? []).some(reaches)
          const expected = granted.some(reaches)
          if (expected && !granted.includes(wanted)) implied += 1
          expect(findCircle(new Map(Object.entries(hierarchy)))).toBeUndefined()
          expect(passes(granted, wanted, hierarchy)).toBe(expected)
          expect(passes(granted, { none: [wanted] }, hierarchy)).toBe(!expected)
        },
      ),
      { numRuns: 500 },
    )
    expect(implied).toBeGreaterThan(10)
  })

  it('that goes in a circle is found, and ends nevertheless', () => {
    const circle = { a: ['b'], b: ['c', 'd'], d: ['b'] }
    expect(findCircle(new Map(Object.entries(circle)))).toEqual(['b', 'd', 'b'])
    expect(passes('a', 'd', circle)).toBe(true)
  })
})

describe('a wildcard', () => {
  it.each([
    ['orders:*', 'orders:read', true],
    ['orders:*', 'orders:read:all', false],
    ['orders:*', 'orders', false],
    ['orders:*', 'orders:', false],
    ['orders:*', 'invoices:read', false],
    ['orders:*:own', 'orders:read:own', true],
    ['orders:*:own', 'orders:read:all', false],
    ['orders:*:*', 'orders:read:all', true],
    ['orders:re*', 'orders:read', false],
    ['orders.*', 'orders.read', false],
    ['orders:**', 'orders:read', false],
    ['*', 'orders', false],
    ['*:read', 'orders:read', false],
    ['*:*', 'orders:read', false],
  ])('%s covers %s: %s', (granted, demanded, covered) => {
    expect(passes(granted, demanded, {}, ':')).toBe(covered)
    expect(passes(granted, demanded)).toBe(false)
  })

  it.each([
    ['orders:*', 'orders:delete', false],
    ['orders:*', 'orders:delete:all', false],
    ['orders:*', 'orders', false],
    ['*', 'orders:delete', false],
    ['*:delete', 'orders:delete', false],
    ['invoices:*', 'orders:delete', true],
    ['orders:*:own', 'orders:delete', true],
  ])('with %s a demand for none of %s holds: %s', (granted, forbidden, holds) => {
    expect(passes(granted, { none: [forbidden] }, {}, ':')).toBe(holds)
  })

  it('holds what is implied by what it covers, and may itself be implied', () => {
    const hierarchy = { admin: ['orders:*'], 'orders:write': ['stock:read'] }
    expect(passes('orders:*', 'stock:read', hierarchy, ':')).toBe(true)
    expect(passes('admin', 'orders:delete', hierarchy, ':')).toBe(true)
    expect(passes('admin', 'stock:read', hierarchy, ':')).toBe(true)
    expect(passes('orders:*', 'stock:read', hierarchy)).toBe(false)
  })

  it('is as wide in what it implies as in itself where a demand is for none', () => {
    const hierarchy = { 'admin:all:x': ['y'], y: ['secret'] }
    expect(passes('admin:*', 'secret', hierarchy, ':')).toBe(false)
    expect(passes('admin:*', { none: ['secret'] }, hierarchy, ':')).toBe(false)
    expect(passes('other:*', { none: ['secret'] }, hierarchy, ':')).toBe(true)
  })

  it('never covers what it may not have, and may have all that it covers', () => {
    const name = fc
      .array(fc.constantFrom('a', 'b', '*', ''), { minLength: 1, maxLength: 3 })
      .map((segments) => segments.join(':'))
    fc.assert(
      fc.property(fc.array(name, { maxLength: 3 }), name, (granted, wanted) => {
        if (passes(granted, wanted, {}, ':')) {
          expect(passes(granted, { none: [wanted] }, {}, ':')).toBe(false)
        }
      }),
      { numRuns: 500 },
    )
  })
})
