/** The route table answers as a slow matcher that follows the sentences of the design one by one. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePolicy, type RoutePattern } from '../../src/policy/index.js'
import { compileRouteTable } from '../../src/policy/route-table.js'
import { createResource, createRoute } from '../support/policy.js'
import { referenceMatch, type ReferenceEntry } from '../support/reference-matcher.js'

const segmentText = fc.constantFrom('a', 'b', 'c')
const segment = fc.oneof(
  { weight: 3, arbitrary: segmentText.map((text) => ({ kind: 'literal', text }) as const) },
  { weight: 2, arbitrary: fc.constant({ kind: 'one', name: undefined } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'literal', text: '' } as const) },
)
const pattern: fc.Arbitrary<RoutePattern> = fc
  .tuple(fc.array(segment, { maxLength: 4 }), fc.boolean())
  .map(([segments, hasRest]) =>
    hasRest || segments.length === 0 ? [...segments, { kind: 'rest' } as const] : segments,
  )

const hosts = fc.subarray(['h1.example', 'h2.example'])
const methods = fc.subarray(['GET', 'POST', 'PUT'])
const entries: fc.Arbitrary<ReferenceEntry[]> = fc
  .array(fc.record({ hosts, methods, pattern }), { maxLength: 12 })
  .map((all) => all.map((entry, index) => ({ ...entry, route: index })))

const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', '*'),
  host: fc.constantFrom('h1.example', 'h2.example', 'h3.example', ''),
  path: fc
    .array(fc.oneof(segmentText, fc.constantFrom('', 'd', '*')), { minLength: 1, maxLength: 5 })
    .map((segments) => `/${segments.join('/')}`),
})

/** Leaves out every entry that would be in conflict with one before it. */
function withoutConflicts(all: readonly ReferenceEntry[]): ReferenceEntry[] {
  const kept: ReferenceEntry[] = []
  for (const entry of all) {
    if (compileRouteTable([...kept, entry]).conflicts.length === 0) kept.push(entry)
  }
  return kept
}

describe('the route table', () => {
  it('matches what the reference matches', () => {
    let matched = 0
    fc.assert(
      fc.property(entries, fc.array(request, { minLength: 10, maxLength: 20 }), (all, requests) => {
        const routes = withoutConflicts(all)
        const { table } = compileRouteTable(routes)
        for (const { method, host, path } of requests) {
          const found = table.match(method, host, path)
          expect(found).toBe(referenceMatch(routes, method, host, path))
          if (found !== undefined) matched += 1
        }
      }),
      { numRuns: 500 },
    )
    expect(matched).toBeGreaterThan(1_000)
  })

  it('does not depend on the order of the routes', () => {
    fc.assert(
      fc.property(entries, fc.array(request, { maxLength: 10 }), (all, requests) => {
        const routes = withoutConflicts(all)
        const forwards = compileRouteTable(routes).table
        const backwards = compileRouteTable(routes.toReversed()).table
        for (const { method, host, path } of requests) {
          expect(backwards.match(method, host, path)).toBe(forwards.match(method, host, path))
        }
      }),
      { numRuns: 300 },
    )
  })

  it('finds a conflict exactly where two routes of equal specificity take one request', () => {
    const sides = fc.record({ hosts, methods })
    const verdicts = new Set<boolean>()
    fc.assert(
      fc.property(sides, sides, pattern, pattern, fc.boolean(), (a, b, one, other, isSame) => {
        const first = { ...a, pattern: one, route: 0 }
        const second = { ...b, pattern: isSame ? one : other, route: 1 }
        const conflicts = compileRouteTable([first, second]).conflicts.length > 0
        expect(conflicts).toBe(collide(first, second))
        verdicts.add(conflicts)
      }),
      { numRuns: 500 },
    )
    expect(verdicts.size).toBe(2)
  })

  it('of one resource matches as the whole table does when there is no other', () => {
    const route = createRoute({ resource: createResource({ id: 'only' }) })
    const selection = { resource: 'only', route: undefined }
    fc.assert(
      fc.property(pattern, request, (only, { method, path }) => {
        const { policy } = compilePolicy([{ hosts: ['h9'], methods: [], pattern: only, route }])
        expect(policy.select(selection, method, path)).toBe(policy.match(method, 'h9', path))
      }),
      { numRuns: 200 },
    )
  })
})

/** Same pattern, and a host and a method that both name in the same way. */
function collide(one: ReferenceEntry, other: ReferenceEntry): boolean {
  const overlap = (a: readonly string[], b: readonly string[]): boolean =>
    a.length === 0 ? b.length === 0 : a.some((item) => b.includes(item))
  return (
    JSON.stringify(one.pattern) === JSON.stringify(other.pattern) &&
    overlap(one.hosts, other.hosts) &&
    overlap(one.methods, other.methods)
  )
}
