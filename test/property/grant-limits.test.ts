/** Whatever is in the token: a capped issuer grants no scope that it was not given. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createAuthorize } from '../../src/check/authorize.js'
import { noRevocations } from '../../src/check/index.js'
import { LabelRegistry, Refusals } from '../../src/check/refusals.js'
import { createResource, createRoute } from '../support/policy.js'

const name = fc.constantFrom<string[]>(
  'a',
  'b',
  'c',
  'd',
  'A',
  'a:b',
  '*',
  '__proto__',
  'constructor',
)
const nameClaim = fc.oneof(
  fc.array(name).map((names) => names.join(' ')),
  fc.array(fc.oneof(name, fc.jsonValue())),
  fc.dictionary(name, fc.jsonValue()),
  fc.jsonValue(),
)

it('keeps the scopes of a token within grantableScopes, in the decision and upstream', () => {
  let granted = 0
  const property = fc.property(
    fc.record({ scope: nameClaim, scp: nameClaim, nested: fc.record({ scope: nameClaim }) }),
    fc.uniqueArray(name),
    fc.dictionary(name, fc.array(name), { maxKeys: 3 }),
    (claims, grantable, renamed) => {
      const labels = new LabelRegistry()
      const pointers = {
        scopes: [['scope'], ['scp'], ['nested', 'scope'], ['scp', '0']],
        permissions: [],
        roles: [],
        client: [],
        limits: {
          scopes: { grantable: new Set(grantable), renamed: new Map(Object.entries(renamed)) },
        },
      }
      const authorize = createAuthorize(
        new Map([['partner', pointers]]),
        new Refusals(labels),
        labels,
        noRevocations,
      )
      const resource = createResource({
        issuers: new Set(['partner']),
        upstreamHeaders: pointers.scopes.map((claim, index) => ({
          name: `x-${String(index)}`,
          claim,
        })),
      })
      const token = {
        issuerId: 'partner',
        subject: undefined,
        audiences: ['https://api.example.com'],
        isSenderConstrained: false,
        kid: undefined,
        claims,
      }
      const decision = authorize(token, createRoute({ resource, requirement: {} }))
      expect(decision.outcome).toBe('allow')
      if (decision.outcome !== 'allow') return
      const upstream = decision.identityHeaders.headers.flatMap(({ value }) => value.split(' '))
      const sent = upstream.flatMap((value) => decodeURIComponent(value).split(' '))
      for (const scope of [...(decision.principal?.scopes ?? []), ...sent]) {
        expect(grantable).toContain(scope)
        granted += 1
      }
      for (const scope of ['a', 'b', 'c', 'd', 'A', '*'].filter(
        (one) => !grantable.includes(one),
      )) {
        const route = createRoute({ resource, requirement: { scopes: scope } })
        expect(authorize(token, route).outcome).toBe('deny')
      }
    },
  )
  fc.assert(property, { numRuns: 1_000 })
  expect(granted).toBeGreaterThan(100) // Else the property would say nothing.
})
