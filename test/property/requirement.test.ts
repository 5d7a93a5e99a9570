/** Requirements are met exactly when a naive reading of them says so (standards 78). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requiredNames, unmetRequirement, type NameExpression } from '../../src/policy/index.js'
import { isMet } from '../../src/policy/requirement.js'

const name = fc.constantFrom('a', 'b', 'c', 'd')
const { expression } = fc.letrec<{ expression: NameExpression }>((tie) => {
  const list = fc.array(tie('expression'), { maxLength: 3 })
  return {
    expression: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      name,
      list.map((all) => ({ all })),
      list.map((any) => ({ any })),
      list.map((none) => ({ none })),
    ),
  }
})
const granted = fc.subarray(['a', 'b', 'c', 'd'])

/** Counts instead of short-cutting, and reads `none` as "zero of them". */
function naive(demand: NameExpression, names: readonly string[]): boolean {
  if (typeof demand === 'string') return names.filter((one) => one === demand).length > 0
  const [kind, parts] = Object.entries(demand)[0] as [string, readonly NameExpression[]]
  const met = parts.filter((part) => naive(part, names)).length
  return kind === 'all' ? met === parts.length : kind === 'any' ? met > 0 : met === 0
}

/** Whether an expression only asks for names and never forbids any. */
function isPositive(demand: NameExpression): boolean {
  if (typeof demand === 'string') return true
  if ('none' in demand) return false
  return ('all' in demand ? demand.all : demand.any).every(isPositive)
}

describe('a name expression', () => {
  it('is met as the naive model says', () => {
    const verdicts = new Set<boolean>()
    fc.assert(
      fc.property(expression, granted, (demand, names) => {
        const met = isMet(demand, new Set(names))
        verdicts.add(met)
        expect(met).toBe(naive(demand, names))
      }),
      { numRuns: 1_000 },
    )
    expect(verdicts.size).toBe(2)
  })

  it('that forbids nothing and can be met is met by the names it asks for', () => {
    fc.assert(
      fc.property(expression, (demand) => {
        fc.pre(isPositive(demand) && !hasEmptyAny(demand))
        expect(isMet(demand, new Set(requiredNames(demand)))).toBe(true)
      }),
      { numRuns: 300, maxSkipsPerRun: 1_000 },
    )
  })

  it('that forbids nothing stays met when more is granted', () => {
    fc.assert(
      fc.property(expression, granted, granted, (demand, names, more) => {
        fc.pre(isPositive(demand) && isMet(demand, new Set(names)))
        expect(isMet(demand, new Set([...names, ...more]))).toBe(true)
      }),
      { numRuns: 300, maxSkipsPerRun: 1_000 },
    )
  })

  it('asks for no name twice', () => {
    fc.assert(
      fc.property(expression, (demand) => {
        const names = requiredNames(demand)
        expect(new Set(names).size).toBe(names.length)
      }),
      { numRuns: 300 },
    )
  })
})

describe('a requirement', () => {
  const sets = fc.record({ scopes: granted, permissions: granted, roles: granted })
  const demands = fc.record(
    { scopes: expression, permissions: expression, roles: expression },
    { requiredKeys: [] },
  )

  it('is unmet by its first part that the naive model finds unmet', () => {
    fc.assert(
      fc.property(demands, sets, (requirement, names) => {
        const { scopes, permissions, roles } = requirement
        const unmet = [
          scopes !== undefined && !naive(scopes, names.scopes) && 'insufficient_scope',
          permissions !== undefined &&
            !naive(permissions, names.permissions) &&
            'insufficient_role',
          roles !== undefined && !naive(roles, names.roles) && 'insufficient_role',
        ].find((reason) => reason !== false)
        const grant = {
          scopes: new Set(names.scopes),
          permissions: new Set(names.permissions),
          roles: new Set(names.roles),
          claims: {},
        }
        expect(unmetRequirement(requirement, grant)).toBe(unmet)
      }),
      { numRuns: 500 },
    )
  })
})

function hasEmptyAny(demand: NameExpression): boolean {
  if (typeof demand === 'string') return false
  if ('any' in demand) return demand.any.length === 0 || demand.any.some(hasEmptyAny)
  return 'all' in demand && demand.all.some(hasEmptyAny)
}
