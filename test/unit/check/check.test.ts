/** The decision: its order, its bounds, and that no fault of anything behind it is ever an allow (design 1, style 10.6). */
import { describe, expect, it, vi } from 'vitest'
import {
  createCheck,
  noRevocations,
  type CheckDependencies,
  type Decision,
} from '../../../src/check/index.js'
import type { Authentication } from '../../../src/token/index.js'
import { createFakeClock } from '../../support/fake-clock.js'
import { pending } from '../../support/pending.js'
import {
  checkLimits,
  checkRequest,
  claimPointers,
  createInProcessCheck,
  inProcessClaims,
  policyOf,
} from '../../support/in-process-check.js'
import { createTestKey } from '../../support/authorization-server.js'
import { signJws } from '../../support/forged-jws.js'
import { createRoute } from '../../support/policy.js'

const good: Authentication = {
  kind: 'verified',
  token: {
    issuerId: 'main',
    subject: 'alice',
    audiences: ['https://api.example.com'],
    isSenderConstrained: false,
    kid: 'k',
    claims: { scope: 'read:users', client_id: 'app' },
  },
}

const read = createRoute()
const open = createRoute({ id: 'open', access: 'public', requirement: {} })

function setUp(changes: Partial<CheckDependencies> = {}) {
  const clock = createFakeClock()
  const onFault = vi.fn<(fault: unknown) => void>()
  const authenticate = vi.fn<CheckDependencies['authenticate']>(() => good)
  const check = createCheck({
    policy: policyOf(['/read', read], ['/open', open]),
    authenticate,
    claimPointers,
    revocations: noRevocations,
    clock,
    limits: checkLimits,
    onFault,
    ...changes,
  })
  return { check, clock, onFault, authenticate }
}

function reasonOf(decision: Decision): string {
  return decision.outcome === 'allow' ? 'allow' : decision.reason
}

const bearer = { authorization: 'Bearer x' }

describe('the order of a check', () => {
  it.each([
    ['the path before all', { target: '//', host: '', method: 'get' }, 'ambiguous_path'],
    ['the host before the method', { host: '', method: 'get' }, 'ambiguous_host'],
    ['the method before the route', { method: 'get', target: '/none' }, 'malformed_request'],
    ['the route before credentials', { target: '/none', authorization: ',' }, 'no_route'],
    ['credentials before their content', { authorization: ',' }, 'malformed_credentials'],
    ['no credentials', {}, 'missing_token'],
    ['good credentials', bearer, 'allow'],
  ])('looks at %s', async (_, request, reason) => {
    const { check } = setUp()
    expect(reasonOf(await check(checkRequest(request)))).toBe(reason)
  })

  it('never looks at credentials on a public route', async () => {
    const { check, authenticate } = setUp()
    for (const authorization of [undefined, ',', 'Bearer x', 'Bearer a,Bearer b']) {
      const decision = await check(checkRequest({ target: '/open', authorization }))
      expect(decision).toMatchObject({ outcome: 'allow', principal: undefined })
    }
    expect(authenticate).not.toHaveBeenCalled()
  })

  it('takes the route that the proxy selected, whatever the path says', async () => {
    const { check } = setUp()
    const selected = { target: '/none', selection: { resource: 'users-api', route: 'read' } }
    expect(await check(checkRequest({ ...selected, ...bearer }))).toMatchObject({ route: read })
    expect(reasonOf(await check(checkRequest(selected)))).toBe('missing_token')
  })

  it('does not fall back to the path when the selection names nothing', async () => {
    const { check } = setUp()
    const selection = { resource: 'users-api', route: 'nothing' }
    expect(reasonOf(await check(checkRequest({ selection, target: '/open' })))).toBe('no_route')
  })

  it('refuses an ambiguous path even where the proxy selected the route', async () => {
    const { check } = setUp()
    const selection = { resource: 'users-api', route: 'read' }
    const request = checkRequest({ selection, target: '/a/../b', ...bearer })
    expect(reasonOf(await check(request))).toBe('ambiguous_path')
  })
})

describe('a check', () => {
  it('is no promise when nothing has to be waited for', () => {
    const { check } = setUp()
    for (const request of [{}, bearer, { target: '/open' }, { target: '//' }]) {
      expect(check(checkRequest(request))).not.toBeInstanceOf(Promise)
    }
  })

  it('gives the same object for the same decision', async () => {
    const key = await createTestKey()
    const { check, clock } = createInProcessCheck([key])
    const header = { alg: 'ES256', typ: 'at+jwt', kid: key.jwk.kid }
    const authorization = `Bearer ${signJws(header, inProcessClaims(clock), key)}`
    await check(checkRequest({ authorization }))
    const known = check(checkRequest({ authorization }))
    expect(known).toMatchObject({ outcome: 'allow' })
    expect(check(checkRequest({ authorization }))).toBe(known)
    expect(check(checkRequest())).toBe(check(checkRequest()))
  })

  it('refuses what a door could not read, by reason', () => {
    const { check } = setUp()
    expect(check.refuse('malformed_request')).toMatchObject({
      outcome: 'deny',
      reason: 'malformed_request',
      route: undefined,
    })
  })
})

describe('a check that has to wait', () => {
  const never = () => pending(new Promise(() => undefined))

  it.each([
    ['its own budget', Number.POSITIVE_INFINITY, 1_000],
    ['its own budget when the proxy waits longer', 10_000, 1_000],
    ['four fifths of what the proxy waits', 500, 400],
  ])('waits no longer than %s', async (_, remainingMs, budgetMs) => {
    const { check, clock } = setUp({ authenticate: never })
    const settled = vi.fn()
    const waiting = Promise.resolve(
      check(checkRequest({ ...bearer, remainingMs: () => remainingMs })),
    ).then(settled)
    clock.advance(budgetMs - 1)
    await Promise.resolve()
    expect(settled).not.toHaveBeenCalled()
    clock.advance(1)
    await waiting
    expect(settled.mock.lastCall![0]).toMatchObject({ outcome: 'unavailable', reason: 'deadline' })
  })

  it.each([0, -5])('does not wait when the proxy has %d ms left', async (remainingMs) => {
    const { check } = setUp({ authenticate: never })
    const decision = await check(checkRequest({ ...bearer, remainingMs: () => remainingMs }))
    expect(reasonOf(decision)).toBe('deadline')
  })

  it('does not keep more waiting than it may, and takes new ones when others are done', async () => {
    const one = never()
    const { check, clock } = setUp({ authenticate: () => one })
    const waiting = Array.from({ length: 10 }, async () => await check(checkRequest(bearer)))
    expect(reasonOf(await check(checkRequest(bearer)))).toBe('overloaded')
    clock.advance(1_000)
    const reasons = (await Promise.all(waiting)).map(reasonOf)
    expect(new Set(reasons)).toEqual(new Set(['deadline']))
    const next = check(checkRequest(bearer))
    clock.advance(1_000)
    expect(reasonOf(await next)).toBe('deadline')
  })

  it('serves known tokens and public routes while others wait', async () => {
    const { check } = setUp({
      authenticate: ({ sent }) => (sent === 'slow' ? never() : good),
    })
    for (let i = 0; i < 20; i++) void check(checkRequest({ authorization: 'Bearer slow' }))
    expect(reasonOf(await check(checkRequest(bearer)))).toBe('allow')
    expect(reasonOf(await check(checkRequest({ target: '/open' })))).toBe('allow')
  })

  it('tells about a fault of work that it could not wait for', async () => {
    let fail: (error: Error) => void = () => undefined
    const work = new Promise<Authentication>((_, reject) => (fail = reject))
    const one = pending(work)
    const { check, onFault } = setUp({ authenticate: () => one })
    for (let i = 0; i < 10; i++) void check(checkRequest(bearer))
    expect(reasonOf(await check(checkRequest(bearer)))).toBe('overloaded')
    fail(new Error('broken'))
    await vi.waitFor(() => {
      expect(onFault.mock.calls).toEqual(Array.from({ length: 11 }, () => [new Error('broken')]))
    })
  })
})

describe('a fault behind the check', () => {
  const broken = new Error('broken')
  const throwing = (): never => {
    throw broken
  }
  const faults: [string, Partial<CheckDependencies>][] = [
    ['authentication that throws', { authenticate: throwing }],
    ['authentication that rejects', { authenticate: () => pending(Promise.reject(broken)) }],
    ['a policy that throws', { policy: { match: throwing, select: throwing, routes: [] } }],
    [
      'a clock that throws',
      {
        authenticate: () => pending(Promise.resolve(good)),
        clock: { wallMs: throwing, monotonicMs: throwing, after: throwing },
      },
    ],
    ['claim pointers that are missing', { claimPointers: new Map() }],
  ]

  it.each(faults)('is an internal error and never an allow: %s', async (_, changes) => {
    const { check, onFault } = setUp(changes)
    const decision = await check(checkRequest(bearer))
    expect(decision).toMatchObject({
      outcome: 'unavailable',
      reason: 'internal_error',
      labels: { decision: 'error', reason: 'internal_error', route: 'none', issuer: 'none' },
    })
    expect(decision).toHaveProperty('challenge', undefined)
    expect(onFault).toHaveBeenCalledTimes(1)
  })

  it('is told for a request that cannot say how long it waits', async () => {
    const { check, onFault } = setUp({ authenticate: () => pending(Promise.resolve(good)) })
    const decision = await check(checkRequest({ ...bearer, remainingMs: throwing }))
    expect(reasonOf(decision)).toBe('internal_error')
    expect(onFault).toHaveBeenCalledWith(broken)
  })
})
