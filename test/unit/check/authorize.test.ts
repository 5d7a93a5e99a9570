/** What a verified token may do on a route: issuer, audience, binding, requirement, in this order (design 1, 6 to 8). */
import { noRevocations, type Revocations, type TokenIdentifiers } from '../../../src/check/index.js'
import { describe, expect, it } from 'vitest'
import { createAuthorize } from '../../../src/check/authorize.js'
import { LabelRegistry, Refusals } from '../../../src/check/refusals.js'
import type { VerifiedAccessToken } from '../../../src/token/index.js'
import { createResource, createRoute } from '../../support/policy.js'

const pointers = {
  scopes: [['scope'], ['scp']],
  permissions: [['permissions']],
  roles: [['realm_access', 'roles'], ['roles']],
  client: [['client_id'], ['azp']],
}

function setUp(revocations: Revocations = noRevocations) {
  const labels = new LabelRegistry()
  return createAuthorize(new Map([['main', pointers]]), new Refusals(labels), labels, revocations)
}

function token(
  claims: Record<string, unknown> = { scope: 'read:users' },
  changes: Partial<VerifiedAccessToken> = {},
): VerifiedAccessToken {
  return {
    issuerId: 'main',
    subject: 'alice',
    audiences: ['https://api.example.com'],
    isSenderConstrained: false,
    kid: 'k',
    claims,
    ...changes,
  }
}

function reasonOf(...[access, route]: Parameters<ReturnType<typeof setUp>>): string {
  const decision = setUp()(access, route)
  return decision.outcome === 'allow' ? 'allow' : decision.reason
}

describe('authorize', () => {
  const other = createRoute({ resource: createResource({ issuers: new Set(['other']) }) })
  const elsewhere = createRoute({ resource: createResource({ audiences: new Set(['https://b']) }) })

  it('allows a token that has all that it takes', () => {
    expect(reasonOf(token(), createRoute())).toBe('allow')
  })

  it('refuses an issuer that the resource does not accept before anything else', () => {
    const bad = { audiences: [], isSenderConstrained: true }
    expect(reasonOf(token({}, bad), other)).toBe('unknown_issuer')
  })

  it('refuses another audience before a binding and a lack of scope', () => {
    expect(reasonOf(token({}, { isSenderConstrained: true }), elsewhere)).toBe('wrong_audience')
    expect(reasonOf(token({}, { audiences: [] }), createRoute())).toBe('wrong_audience')
    const waived = { audiences: [], isAudienceWaived: true }
    expect(reasonOf(token(undefined, waived), createRoute())).toBe('allow')
  })

  it('refuses a binding that nobody verified before a lack of scope', () => {
    const bound = token({}, { isSenderConstrained: true })
    expect(reasonOf(bound, createRoute())).toBe('unverifiable_confirmation')
  })

  it('asks for a token and nothing more where the route demands nothing', () => {
    const route = createRoute({ access: 'authenticated', requirement: {} })
    expect(reasonOf(token({}), route)).toBe('allow')
    expect(reasonOf(token({}, { audiences: ['https://b'] }), route)).toBe('wrong_audience')
  })

  it('decides a token for one resource apart from the same token for another', () => {
    const authorize = setUp()
    const access = token()
    expect(authorize(access, createRoute()).outcome).toBe('allow')
    expect(authorize(access, elsewhere)).toMatchObject({ reason: 'wrong_audience' })
  })

  it('finds names in every place, in strings and in lists', () => {
    const route = createRoute({
      requirement: {
        scopes: { all: ['a', 'b', 'c'] },
        roles: { all: ['r', 's'] },
        permissions: 'p',
      },
    })
    const claims = {
      scope: 'a b',
      scp: ['c'],
      realm_access: { roles: ['r'] },
      roles: 's t',
      permissions: ['p'],
    }
    expect(reasonOf(token(claims), route)).toBe('allow')
    expect(reasonOf(token({ ...claims, scp: [] }), route)).toBe('insufficient_scope')
    expect(reasonOf(token({ ...claims, roles: [] }), route)).toBe('insufficient_role')
    expect(reasonOf(token({ ...claims, permissions: 1 }), route)).toBe('insufficient_role')
  })

  it('tells who was allowed and who was refused', () => {
    const authorize = setUp()
    const allowed = authorize(token({ scope: 'read:users', azp: 'app' }), createRoute())
    expect(allowed.principal).toMatchObject({ client: 'app', token: { subject: 'alice' } })
    const refused = authorize(token({ scope: 'x', client_id: 'app', azp: 'other' }), createRoute())
    expect(refused.principal).toMatchObject({ client: 'app' })
    expect([...refused.principal!.scopes]).toEqual(['x'])
  })

  it('names no client that is not a string', () => {
    const decision = setUp()(
      token({ scope: 'read:users', client_id: 1, azp: ['a'] }),
      createRoute(),
    )
    expect(decision.principal!.client).toBeUndefined()
  })

  it('gives the same object for the same token and route, also after many routes', () => {
    const authorize = setUp()
    const access = token()
    const routes = Array.from({ length: 100 }, (_, i) => createRoute({ id: `route-${String(i)}` }))
    const first = authorize(access, routes[0]!)
    expect(authorize(access, routes[0]!)).toBe(first)
    for (const route of routes) expect(authorize(access, route)).toMatchObject({ route })
    expect(authorize(access, routes[0]!)).toMatchObject({ outcome: 'allow', route: routes[0] })
  })

  it('shares its labels between tokens, so that they can be counted by identity', () => {
    const authorize = setUp()
    const route = createRoute()
    const [one, two] = [authorize(token(), route), authorize(token(), route)]
    expect(one).not.toBe(two)
    expect(one.labels).toBe(two.labels)
    expect(one.labels).toEqual({
      decision: 'allow',
      reason: 'none',
      route: 'users-api/read',
      issuer: 'main',
    })
  })
})

describe('revocation', () => {
  const claims = { scope: 'read:users', client_id: 'app', azp: 'party', jti: 'j', sid: 's', iat: 5 }

  function judging(verdict: ReturnType<Revocations['judge']>) {
    const asked: TokenIdentifiers[] = []
    const revocations = {
      isIdle: false,
      judge: (identifiers: TokenIdentifiers) => {
        asked.push(identifiers)
        return verdict
      },
    }
    return { asked, revocations, authorize: setUp(revocations) }
  }

  it('is asked about everything that a token can be revoked by', () => {
    const { asked, authorize } = judging(undefined)
    expect(authorize(token(claims), createRoute()).outcome).toBe('allow')
    expect(asked).toEqual([
      {
        issuerId: 'main',
        jti: 'j',
        sub: 'alice',
        clientIds: ['app', 'party'],
        sid: 's',
        kid: 'k',
        issuedAtSeconds: 5,
      },
    ])
  })

  it('takes nothing but text for a name', () => {
    const { asked, authorize } = judging(undefined)
    authorize(
      token({ ...claims, jti: 5, sid: ['s'], client_id: { a: 1 }, iat: '5' }),
      createRoute(),
    )
    expect(asked).toMatchObject([{ jti: undefined, sid: undefined, clientIds: ['party'] }])
    expect(asked[0]?.issuedAtSeconds).toBeUndefined()
  })

  it('is asked every time, also about a token that was just allowed', () => {
    const { revocations, authorize } = judging(undefined)
    const [access, route] = [token(claims), createRoute()]
    expect(authorize(access, route).outcome).toBe('allow')
    revocations.judge = () => 'revoked'
    const refusal = authorize(access, route)
    expect(refusal).toMatchObject({ reason: 'revoked', principal: { client: 'app' } })
    expect(authorize(access, route)).toBe(refusal)
    revocations.judge = () => 'revocation_unavailable'
    expect(authorize(access, route)).toMatchObject({ outcome: 'unavailable' })
    revocations.isIdle = true
    expect(authorize(access, route).outcome).toBe('allow')
  })

  it('goes before what the token may do', () => {
    const { authorize } = judging('revoked')
    const stranger = token({}, { audiences: ['x'], isSenderConstrained: true })
    expect(authorize(stranger, createRoute())).toMatchObject({ reason: 'revoked' })
  })
})
