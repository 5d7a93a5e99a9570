/** A partner's token on a route: what was not granted to the partner is nowhere, in the decision nor behind it. */
import { describe, expect, it } from 'vitest'
import { createAuthorize, type ClaimPointers } from '../../../src/check/authorize.js'
import { limitNames, type GrantLimits } from '../../../src/check/grant-limits.js'
import { LabelRegistry, Refusals } from '../../../src/check/refusals.js'
import { noRevocations, type Decision, type Revocations } from '../../../src/check/index.js'
import { namesAt, type Requirement } from '../../../src/policy/index.js'
import { createResource, createRoute } from '../../support/policy.js'

const read: GrantLimits = { scopes: { grantable: new Set(['read']), renamed: undefined } }

function decide(
  limits: GrantLimits | undefined,
  claims: Record<string, unknown>,
  requirement: Requirement,
  changes: Partial<ClaimPointers> = {},
  revocations: Revocations = noRevocations,
): Decision {
  const pointers = {
    scopes: [['scope'], ['scp']],
    permissions: [['permissions']],
    roles: [['realm', 'roles']],
    client: [['client_id']],
    limits,
    ...changes,
  }
  const labels = new LabelRegistry()
  const refusals = new Refusals(labels)
  const authorize = createAuthorize(new Map([['main', pointers]]), refusals, labels, revocations)
  const resource = createResource({
    upstreamHeaders: [
      { name: 'x-scope', claim: ['scope'] },
      { name: 'x-scp', claim: ['scp'] },
      { name: 'x-roles', claim: ['realm', 'roles'] },
    ],
  })
  const token = {
    issuerId: 'main',
    subject: 'alice',
    audiences: ['https://api.example.com'],
    isSenderConstrained: false,
    kid: 'k',
    claims,
  }
  return authorize(token, createRoute({ resource, requirement }))
}

const headersOf = (decision: Decision) =>
  decision.outcome === 'allow' ? decision.identityHeaders.headers : decision.reason

describe('a scope that is not grantable', () => {
  it('opens nothing', () => {
    expect(headersOf(decide(read, { scope: 'admin read' }, { scopes: 'admin' }))).toBe(
      'insufficient_scope',
    )
  })

  it('is not sent upstream, in no shape', () => {
    const claims = { scope: 'admin read', scp: ['read', 'admin'] }
    expect(headersOf(decide(read, claims, { scopes: 'read' }))).toEqual([
      { name: 'x-scope', value: 'read' },
      { name: 'x-scp', value: 'read' },
    ])
  })

  it('leaves no header behind when it was the only one', () => {
    expect(headersOf(decide(read, { scope: 'admin' }, {}))).toEqual([])
  })

  it('is not in the principal, for logs and metadata', () => {
    const { principal } = decide(read, { scope: 'admin read', sub: 'alice' }, {})
    expect([...(principal?.scopes ?? [])]).toEqual(['read'])
    expect(principal?.token.claims).toEqual({ scope: 'read', sub: 'alice' })
  })

  it('meets no condition on the claim', () => {
    const requirement = { claims: [{ claim: ['scope'], equals: 'admin' }] }
    expect(headersOf(decide(read, { scope: 'admin' }, requirement))).toBe('claim_mismatch')
    const item = { claims: [{ claim: ['scp', '0'], equals: 'admin' }] }
    expect(headersOf(decide(read, { scp: ['admin', 'read'] }, item))).toBe('claim_mismatch')
  })

  it('is not hidden in a shape that nobody reads', () => {
    const { principal } = decide(read, { scope: { admin: true }, scp: [{ value: 'admin' }] }, {})
    expect(principal?.token.claims).toEqual({})
  })
})

describe('other names', () => {
  it('are capped by kind', () => {
    const limits: GrantLimits = {
      permissions: { grantable: new Set(['p']), renamed: undefined },
      roles: { grantable: new Set(['r']), renamed: undefined },
    }
    const claims = { scope: 'any', permissions: ['p', 'q'], realm: { roles: ['r', 's'], x: 1 } }
    expect(headersOf(decide(limits, claims, { permissions: 'q' }))).toBe('insufficient_role')
    expect(headersOf(decide(limits, claims, { roles: 's' }))).toBe('insufficient_role')
    const allowed = decide(limits, claims, { scopes: 'any', permissions: 'p', roles: 'r' })
    expect(allowed.principal?.token.claims).toEqual({
      scope: 'any',
      permissions: ['p'],
      realm: { x: 1, roles: ['r'] },
    })
  })

  it('are compared whole and with case', () => {
    const granted = namesAt({ scp: ['READ', 'read:all', 'rea', '*', ' read'] }, [['scp']])
    expect(granted.names.size).toBe(5)
    expect(limitNames(granted, read.scopes).names).toEqual(new Set())
  })
})

describe('a mapping', () => {
  const limits = (grantable?: readonly string[]): GrantLimits => ({
    scopes: {
      grantable: grantable && new Set(grantable),
      renamed: new Map([
        ['partner_read', ['read', 'list']],
        ['admin', []],
      ]),
    },
  })

  it('gives our names, also upstream', () => {
    const decision = decide(limits(), { scope: 'partner_read own' }, { scopes: 'list' })
    expect(headersOf(decision)).toEqual([{ name: 'x-scope', value: 'read list own' }])
  })

  it('takes the name that it maps away', () => {
    const claims = { scope: 'partner_read admin' }
    expect(headersOf(decide(limits(), claims, { scopes: 'partner_read' }))).toBe(
      'insufficient_scope',
    )
    expect(headersOf(decide(limits(), claims, { scopes: 'admin' }))).toBe('insufficient_scope')
  })

  it('comes before the cap, so that a grantable name of theirs means what we say', () => {
    expect(headersOf(decide(limits(['list']), { scope: 'partner_read' }, { scopes: 'read' }))).toBe(
      'insufficient_scope',
    )
    expect(decide(limits(['list']), { scope: 'partner_read' }, { scopes: 'list' })).toMatchObject({
      outcome: 'allow',
    })
  })
})

describe('limits', () => {
  it('cost nothing where there are none: the token is the very same', () => {
    const claims = { scope: 'read' }
    expect(decide(undefined, claims, {}).principal?.token.claims).toBe(claims)
  })

  it('hide nothing from revocation', () => {
    const seen: unknown[] = []
    const revocations: Revocations = {
      isIdle: false,
      judge(identifiers) {
        seen.push(identifiers.clientIds)
        return 'revoked'
      },
    }
    const claims = { client_id: 'app', scope: 'read' }
    const decision = decide(read, claims, {}, { scopes: [['client_id']] }, revocations)
    expect(seen).toEqual([['app']])
    expect(decision).toMatchObject({ reason: 'revoked' })
  })

  it('make no member that a claim name could forge', () => {
    const claims = JSON.parse('{"__proto__":{"scope":"admin"},"scope":"admin read"}') as Record<
      string,
      unknown
    >
    const { principal } = decide(read, claims, {})
    expect([...(principal?.scopes ?? [])]).toEqual(['read'])
    expect(principal?.token.claims).not.toHaveProperty('scope', 'admin read')
    const nested = { scopes: [['__proto__', 'scope']] }
    const own = JSON.parse('{"__proto__":{"scope":"admin read"}}') as Record<string, unknown>
    expect(JSON.stringify(decide(read, own, {}, nested).principal?.token.claims)).toBe(
      '{"__proto__":{"scope":"read"}}',
    )
  })
})
