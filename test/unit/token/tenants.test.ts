/** One issuer for each tenant, as Microsoft Entra is: shared metadata, shared keys, and keys of one tenant only. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  sendJson,
  startTestAuthorizationServer,
  type TestAuthorizationServer,
  type TestKey,
} from '../../support/authorization-server.js'
import { createNamedKey } from '../../support/named-key.js'
import { startTestGate, testConfig, type TestGate } from '../../support/test-gate.js'
import { until } from '../../support/until.js'

const template = 'https://login.example.com/{tenantid}/v2.0'
const acme = '11111111-aaaa-4111-8111-111111111111'
const other = '22222222-bbbb-4222-8222-222222222222'
const issuerOf = (tenant: string): string => template.replace('{tenantid}', tenant)

let server: TestAuthorizationServer
let gate: TestGate
const keys: Record<'shared' | 'acme' | 'nobody' | 'strange', TestKey> = {} as never

beforeAll(async () => {
  server = await startTestAuthorizationServer()
  const published = async (kid: string, issuer: unknown): Promise<TestKey> => {
    const key = await createNamedKey(kid)
    return { ...key, jwk: { ...key.jwk, ...(issuer === undefined ? {} : { issuer }) } }
  }
  keys.shared = await published('shared', template)
  keys.acme = await published('acme', issuerOf(acme))
  keys.nobody = await published('nobody', undefined)
  keys.strange = await published('strange', [template])
  server.keys = Object.values(keys)
  server.answer('/common/metadata', (_request, response) => {
    sendJson(response, { issuer: template, jwks_uri: `${server.issuer}/jwks` })
  })
  gate = await startTestGate(
    testConfig(server, {
      issuers: [
        {
          id: 'entra',
          issuerTemplate: template,
          bind: { tenantid: { claim: '/tid' } },
          keys: { metadataUrl: `${server.issuer}/common/metadata` },
        },
      ],
      log: { allowSampleEvery: 1 },
    }),
  )
})
afterAll(async () => {
  await gate.close()
  await server.close()
})

async function ask(tenant: string, key: TestKey, claims: Record<string, unknown> = {}) {
  const payload = server.claims({ iss: issuerOf(tenant), tid: tenant, ...claims })
  const token = await server.sign(JSON.stringify(payload), {}, key)
  await gate.client.check({ path: '/read', headers: { authorization: `Bearer ${token}` } })
  return gate.log.at(-1)
}

describe('a gate for every tenant', () => {
  it('takes the keys that all tenants share, for each of them', async () => {
    for (const tenant of [acme, other]) {
      expect(await ask(tenant, keys.shared)).toMatchObject({
        decision: 'allow',
        issuer: 'entra',
        iss: issuerOf(tenant),
      })
    }
  })

  it('takes a key of one tenant for this one only', async () => {
    expect(await ask(acme, keys.acme)).toMatchObject({ decision: 'allow' })
    expect(await ask(other, keys.acme)).toMatchObject({ reason: 'unknown_key', issuer: 'entra' })
  })

  it('takes no key that does not say whose it is', async () => {
    expect(await ask(acme, keys.nobody)).toMatchObject({ reason: 'unknown_key' })
    expect(await ask(acme, keys.strange)).toMatchObject({ reason: 'unknown_key' })
  })

  it('logs no issuer that nobody has verified', async () => {
    const line = await ask(acme, keys.shared, { tid: other })
    expect(line).toMatchObject({ reason: 'tenant_mismatch', issuer: 'entra' })
    expect(line).not.toHaveProperty('iss')
  })

  it('has the id, and never a tenant, in its metrics', async () => {
    await ask(acme, keys.shared)
    expect(await gate.metrics()).toMatch(/scopegate_decisions_total\{.*issuer="entra"/)
    expect(await gate.metrics()).not.toContain(acme)
  })

  it('ends the trust in a key when it becomes one of another tenant, with all its tokens', async () => {
    const key = await createNamedKey('moving')
    const withIssuer = (issuer: string): TestKey => ({
      ...key,
      jwk: { ...key.jwk, issuer } as never,
    })
    let document = withIssuer(template)
    server.answer('/moving', (_request, response) => {
      sendJson(response, { keys: [document.jwk] })
    })
    const moving = await startTestGate(
      testConfig(server, {
        log: { allowSampleEvery: 1 },
        issuers: [
          {
            id: 'entra',
            issuerTemplate: template,
            bind: { tenantid: { claim: '/tid' } },
            keys: { jwksUri: `${server.issuer}/moving`, refreshSeconds: 0.05 },
          },
        ],
      }),
    )
    const payload = server.claims({ iss: issuerOf(acme), tid: acme })
    const token = await server.sign(JSON.stringify(payload), {}, key)
    const check = async (): Promise<unknown> => {
      await moving.client.check({ path: '/read', headers: { authorization: `Bearer ${token}` } })
      return moving.log.at(-1)?.['reason']
    }
    expect(await check()).toBe('none')
    document = withIssuer(issuerOf(other))
    await until(async () => (await check()) === 'unknown_key')
    await moving.close()
  })
})

describe('metadata at a URL of their own', () => {
  it.each([
    ['the issuer of one tenant', issuerOf(acme)],
    ['another template', 'https://login.example.com/{tenant}/v2.0'],
    ['nothing', undefined],
  ])('are not believed when they are of %s', async (_name, issuer) => {
    server.answer('/wrong', (_request, response) => {
      sendJson(response, { issuer, jwks_uri: `${server.issuer}/jwks` })
    })
    const wrong = await startTestGate(
      testConfig(server, {
        issuers: [
          {
            id: 'entra',
            issuerTemplate: template,
            bind: { tenantid: { claim: '/tid' } },
            keys: { metadataUrl: `${server.issuer}/wrong` },
          },
        ],
      }),
      { awaitReady: false },
    )
    await until(
      async () =>
        (await wrong.readyz()).body.components['issuer:entra']?.detail?.includes(
          'is the metadata of another issuer',
        ) === true,
    )
    await wrong.close()
  })
})
