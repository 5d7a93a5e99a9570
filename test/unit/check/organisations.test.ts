/** Organisations through the whole of configuration, route table and decision, without a server. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createCheck, noRevocations } from '../../../src/check/index.js'
import { loadConfigText } from '../../support/config-text.js'
import { blocksOf } from '../../support/document-blocks.js'
import { createFakeClock } from '../../support/fake-clock.js'
import { checkLimits, checkRequest } from '../../support/in-process-check.js'

const page = readFileSync('docs/policy.md', 'utf8')
const block = blocksOf(page, 'yaml').find((text) => text.includes('{host.tenant}')) ?? ''

/** The check of the page's configuration, for one token with the given claims and audiences. */
async function checkOf(audiences: string[], claims: Record<string, unknown>) {
  const { policy, claimPointers } = await loadConfigText(block)
  const token = {
    issuerId: 'main',
    subject: 'alice',
    audiences,
    isSenderConstrained: false,
    kid: 'k',
    claims: { scope: 'orders:read members:read', ...claims },
  }
  const check = createCheck({
    policy,
    authenticate: () => ({ kind: 'verified', token }),
    claimPointers,
    revocations: noRevocations,
    clock: createFakeClock(),
    limits: checkLimits,
    onFault: (fault) => {
      throw fault
    },
  })
  return async (host: string, target: string, selection?: { resource: string; route: string }) => {
    const decision = await check(
      checkRequest({ host, target, authorization: 'Bearer x', selection }),
    )
    return decision.outcome === 'allow' ? 'allow' : decision.reason
  }
}

describe('the organisations of the page on policy', () => {
  it('are told apart by path, for one token that asks for one and then for another', async () => {
    const ask = await checkOf(['https://api.example.com'], { organization_id: 'a' })
    for (let round = 0; round < 3; round++) {
      expect(await ask('api.example.com', '/orgs/a/orders/1')).toBe('allow')
      expect(await ask('api.example.com', '/orgs/b/orders/1')).toBe('claim_mismatch')
      expect(await ask('api.example.com', '/orgs/%C3%A4/orders/1')).toBe('claim_mismatch')
    }
  })

  it('are told apart by host', async () => {
    const ask = await checkOf(['https://example.com'], { tid: 'a' })
    expect(await ask('a.example.com', '/x')).toBe('allow')
    expect(await ask('A.Example.com:8443', '/x')).toBe('allow')
    expect(await ask('b.example.com', '/x')).toBe('claim_mismatch')
    expect(await ask('a.b.example.com', '/x')).toBe('no_route')
    expect(await ask('api.example.com', '/x')).toBe('claim_mismatch')
  })

  it('are told apart by audience', async () => {
    const ask = await checkOf(['urn:logto:organization:a'], {})
    expect(await ask('members.example.com', '/orgs/a/members')).toBe('allow')
    expect(await ask('members.example.com', '/orgs/b/members')).toBe('wrong_audience')
    expect(await ask('api.example.com', '/orgs/a/orders/1')).toBe('wrong_audience')
  })

  it('have no value where the proxy chose a route that the request does not fit', async () => {
    const ask = await checkOf(['https://api.example.com'], { organization_id: 'a' })
    const selection = { resource: 'by-path', route: 'orders' }
    expect(await ask('any.example.org', '/orgs/a/orders/1', selection)).toBe('allow')
    expect(await ask('any.example.org', '/teams/a/orders/1', selection)).toBe('claim_mismatch')
  })
})
