/** Values of the request that a token must have: the token of one organisation never opens another's path (ADR 0023). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  canonicalHost,
  canonicalPath,
  parseHostPattern,
  parseRoutePattern,
  unmetBinding,
  type BoundText,
  type RouteBindings,
} from '../../../src/policy/index.js'

const segment = (index: number, before = '', after = ''): BoundText => ({
  before,
  variable: { segment: index },
  after,
})
const ofHost: BoundText = { before: '', variable: 'host', after: '' }

function bindings(changes: Partial<RouteBindings> = {}): RouteBindings {
  const parsed = parseRoutePattern('/orgs/{org}/**')
  if (parsed.kind !== 'pattern') throw new Error('the pattern is good')
  return {
    conditions: [{ claim: ['org'], equals: segment(1) }],
    audiences: [],
    pattern: parsed.pattern,
    hostSuffixes: new Set(['example.com']),
    ...changes,
  }
}

const token = (org: unknown, audiences: string[] = []) => ({ audiences, claims: { org } })

describe('a condition on the path', () => {
  it.each([
    ['a', '/orgs/a/x', undefined],
    ['a', '/orgs/a/', undefined],
    ['a', '/orgs/b/x', 'claim_mismatch'],
    ['a', '/orgs/A/x', 'claim_mismatch'],
    ['a', '/orgs/a', 'claim_mismatch'],
    ['a', '/other/a/x', 'claim_mismatch'],
    ['a', '/b/a/x', 'claim_mismatch'],
    ['a', '', 'claim_mismatch'],
    ['a', '*', 'claim_mismatch'],
    ['a@b', '/orgs/a@b/x', undefined],
    ['a@b', '/orgs/a%40b/x', 'claim_mismatch'],
    ['a%40b', '/orgs/a%40b/x', 'claim_mismatch'],
    ['', '/orgs//x', 'claim_mismatch'],
    [5, '/orgs/5/x', 'claim_mismatch'],
    [['a'], '/orgs/a/x', 'claim_mismatch'],
    [undefined, '/orgs/undefined/x', 'claim_mismatch'],
  ])('with %j on %s is %s', (org, path, unmet) => {
    expect(unmetBinding(bindings(), token(org), 'x', path)).toBe(unmet)
  })

  it('takes text around the variable', () => {
    const around = bindings({ conditions: [{ claim: ['org'], equals: segment(1, 'org_', '!') }] })
    expect(unmetBinding(around, token('org_a!'), '', '/orgs/a/')).toBeUndefined()
    expect(unmetBinding(around, token('org_b!'), '', '/orgs/a/')).toBe('claim_mismatch')
  })
})

describe('a condition on the host', () => {
  const byHost = bindings({ conditions: [{ claim: ['org'], equals: ofHost }] })
  it.each([
    ['a.example.com', undefined],
    ['b.example.com', 'claim_mismatch'],
    ['a.b.example.com', 'claim_mismatch'],
    ['a.example.org', 'claim_mismatch'],
    ['example.com', 'claim_mismatch'],
    ['', 'claim_mismatch'],
  ])('on %s is %s', (host, unmet) => {
    expect(unmetBinding(byHost, token('a'), host, '/orgs/x/')).toBe(unmet)
  })
})

describe('an audience with a variable', () => {
  const byAudience = bindings({ conditions: [], audiences: [segment(1, 'urn:org:')] })
  it('is one of those that the token names', () => {
    const access = token(undefined, ['x', 'urn:org:a'])
    expect(unmetBinding(byAudience, access, '', '/orgs/a/x')).toBeUndefined()
    expect(unmetBinding(byAudience, access, '', '/orgs/b/x')).toBe('wrong_audience')
    expect(unmetBinding(byAudience, access, '', '/orgs/a%2Cb/x')).toBe('wrong_audience')
    expect(unmetBinding(byAudience, token('a'), '', '/orgs/a/x')).toBe('wrong_audience')
  })
})

describe('a host with a variable', () => {
  it.each([
    ['{tenant}.api.example.com', { name: 'tenant', suffix: 'api.example.com' }],
    ['{tenant}', undefined],
    ['{tenant}.', undefined],
    ['{tenant}.API.example.com', undefined],
    ['{te-nant}.example.com', undefined],
    ['a{tenant}.example.com', undefined],
    ['{a}.{b}.example.com', undefined],
    ['*.example.com', undefined],
  ])('%s is %j', (host, parsed) => {
    expect(parseHostPattern(host)).toEqual(parsed)
  })
})

describe('whatever is asked for', () => {
  const part = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('a', 'b') },
    fc.constantFrom(
      'a',
      'b',
      'A',
      '..',
      '.',
      '',
      '%61',
      'a%2Fb',
      'a%00',
      'orgs',
      '%2e',
      'a;b',
      'a%20',
    ),
    fc.string({ maxLength: 4 }),
    fc.webSegment(),
  )
  const target = fc.array(part, { maxLength: 4 }).map((parts) => `/orgs/${parts.join('/')}`)
  const host = fc.array(part, { maxLength: 3 }).map((parts) => [...parts, 'example.com'].join('.'))

  /** What an upstream may take for the organisation: the segment as it is, or decoded. */
  function readings(path: string): readonly string[] {
    const raw = path.split('/')[2] ?? ''
    return [raw, decodeURIComponent(raw)]
  }

  it('the token of one organisation passes only where every upstream reads that organisation', () => {
    let passed = 0
    const both = bindings({
      conditions: [
        { claim: ['org'], equals: segment(1) },
        { claim: ['host'], equals: ofHost },
      ],
    })
    fc.assert(
      fc.property(target, host, fc.constantFrom('a', 'b'), part, (asked, authority, org, other) => {
        const canonical = canonicalPath(asked)
        const name = canonicalHost(authority)
        if (canonical.kind !== 'path' || name === undefined) return
        const { path } = canonical
        for (const mine of [org, other]) {
          if (unmetBinding(bindings(), token(mine), name, path) === undefined) {
            passed += 1
            expect(readings(path)).toEqual([mine, mine])
          }
          const access = { audiences: [], claims: { org: mine, host: mine } }
          if (unmetBinding(both, access, name, path) === undefined) {
            expect(name).toBe(`${mine}.example.com`)
          }
        }
      }),
      { numRuns: 3_000 },
    )
    expect(passed).toBeGreaterThan(20)
  })
})
