/** Issuers that are limited, from the configuration's text to what the check gets. */
import { describe, expect, it } from 'vitest'
import { loadConfigText, problemsOfText, smallConfig } from '../../support/config-text.js'

const twoResources = (keys: string, issuersOfOrders = ''): string => `issuers:
  - { id: main, issuer: https://issuer.example.com }
  - { id: partner, issuer: https://partner.example.com, ${keys} }
resources:
  - id: users-api
    audiences: [https://api.example.com]
    routes: [{ id: read, path: /read, scopes: [read:users] }]
  - id: orders-api
    audiences: [https://api.example.com]
    ${issuersOfOrders}
    routes: [{ id: read, path: /orders, scopes: [read:orders] }]
`

async function issuersByResource(text: string): Promise<Record<string, readonly string[]>> {
  const { policy } = await loadConfigText(text)
  return Object.fromEntries(
    policy.routes.map(({ resource }) => [resource.id, [...resource.issuers].sort()]),
  )
}

describe('the resources of an issuer', () => {
  it('keep it from all others, also from those that name no issuer', async () => {
    expect(await issuersByResource(twoResources('resources: [orders-api]'))).toEqual({
      'users-api': ['main'],
      'orders-api': ['main', 'partner'],
    })
  })

  it('do not add it to a resource that names others', async () => {
    const text = twoResources('resources: [orders-api]', 'issuers: [main]')
    expect(await issuersByResource(text)).toMatchObject({ 'orders-api': ['main'] })
  })

  it('agree with a resource that names it', async () => {
    const text = twoResources('resources: [orders-api]', 'issuers: [partner]')
    expect(await issuersByResource(text)).toMatchObject({ 'orders-api': ['partner'] })
  })

  it('are not judged while an issuer or a resource cannot be read', async () => {
    const [issuer, resource] = [twoResources('resources: [orders-api, else], id: 1'), '']
    expect((await problemsOfText(`${issuer}${resource}`)).join('\n')).not.toContain('no resource')
    const broken = twoResources('resources: [else]').replace('id: orders-api', 'id: [orders-api]')
    expect((await problemsOfText(broken)).join('\n')).not.toContain('no resource has')
  })
})

describe('the names of an issuer', () => {
  it('are not limited where nothing limits them', async () => {
    const { claimPointers } = await loadConfigText(smallConfig)
    expect(claimPointers.get('main')?.limits).toBeUndefined()
  })

  it('are limited by kind, and renamed', async () => {
    const { claimPointers } = await loadConfigText(
      twoResources('grantableScopes: [a], mapScopes: { p: [a], q: [] }, grantableRoles: []'),
    )
    expect(claimPointers.get('partner')?.limits).toEqual({
      scopes: {
        grantable: new Set(['a']),
        renamed: new Map([
          ['p', ['a']],
          ['q', []],
        ]),
      },
      permissions: undefined,
      roles: { grantable: new Set(), renamed: undefined },
    })
  })

  it('can be renamed without a cap', async () => {
    const { claimPointers } = await loadConfigText(twoResources('mapScopes: { p: [a] }'))
    expect(claimPointers.get('partner')?.limits?.scopes?.grantable).toBeUndefined()
  })
})
