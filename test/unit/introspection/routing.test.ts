/** Whose word counts for which token: JWTs that are asked about, several issuers, revocation. */
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testConfig } from '../../support/test-gate.js'
import { startIntrospectionEndpoint } from '../../support/introspection-endpoint.js'
import {
  endpoint,
  gate,
  issuer,
  reasonOf,
  seconds,
  setUp,
  start,
  startWith,
} from '../../support/introspection-world.js'

setUp()

describe('both', () => {
  it('takes a JWT that is genuine and active, and refuses what either refuses', async () => {
    await start({ cacheSeconds: 0, negativeCacheSeconds: 0 }, { tokenCheck: 'both' })
    const token = await issuer.token()
    expect(await reasonOf(token)).toBe('none')
    expect(await reasonOf(await issuer.token({ exp: seconds() - 600 }))).toBe('expired')
    expect(endpoint.asked).toHaveLength(1)
    endpoint.members = { active: true }
    expect(await reasonOf(token)).toBe('none')
    endpoint.members = { active: true, cnf: {} }
    expect(await reasonOf(token)).toBe('unverifiable_confirmation')
    endpoint.members = { active: false }
    expect(await reasonOf(token)).toBe('inactive_token')
    endpoint.answer = (response) => response.writeHead(500).end()
    expect(await reasonOf(token)).toBe('introspection_unavailable')
    expect(await reasonOf('opaque')).toBe('malformed_token')
  })

  it.each([{ sub: 'mallory' }, { client_id: 'other' }])(
    'refuses when the answer has %o',
    async (changes) => {
      endpoint.members = { ...endpoint.members, ...changes }
      await start({}, { tokenCheck: 'both' })
      expect(await reasonOf(await issuer.token())).toBe('introspection_mismatch')
    },
  )

  it('is what one route wants and another does not, of the same token', async () => {
    const { resources } = testConfig(issuer) as { resources: [{ routes: object[] }] }
    const pay = { id: 'pay', path: '/pay', access: 'authenticated', tokenCheck: 'both' }
    await start({}, {}, { resources: [{ ...resources[0], routes: [...resources[0].routes, pay] }] })
    endpoint.members = { active: false }
    const token = await issuer.token()
    expect(await reasonOf(token)).toBe('none')
    expect(await reasonOf(token, '/pay')).toBe('inactive_token')
    expect(await reasonOf(token)).toBe('none')
  })
})

describe('an issuer whose tokens are only asked about', () => {
  it('is asked about its JWTs, needs no keys and is ready without', async () => {
    issuer.answer('/.well-known/oauth-authorization-server', (_request, response) => {
      response.writeHead(500).end()
    })
    await start({}, { tokenCheck: 'introspection' })
    expect(await reasonOf(await issuer.token())).toBe('none')
    expect(endpoint.asked).toHaveLength(1)
    expect(Object.keys((await gate!.readyz()).body.components)).not.toContain('issuer:main')
  })
})

describe('tokens of several issuers', () => {
  it('are shown to the issuer of their prefix or of the resource, and to no other', async () => {
    const second = await startIntrospectionEndpoint()
    const clientSecretFile = resolve('test/vectors/introspection/secret')
    const entry = (id: string, url: string, more = {}) => ({
      id,
      issuer: `https://${id}.example`,
      tokenCheck: 'introspection',
      introspection: { endpoint: url, clientId: 'gate', clientSecretFile, ...more },
    })
    const { resources } = testConfig(issuer) as { resources: [object] }
    await startWith({
      issuers: [entry('one', endpoint.url, { tokenPrefix: 'one_' }), entry('two', second.url)],
      resources: [
        resources[0],
        {
          ...resources[0],
          id: 'closed',
          issuers: ['two'],
          routes: [{ id: 'closed', path: '/closed', access: 'authenticated' }],
        },
      ],
    })
    expect(await reasonOf('one_a')).toBe('none')
    expect(await reasonOf('two_a')).toBe('none')
    expect(await reasonOf('one_a', '/closed')).toBe('unknown_issuer')
    expect(endpoint.asked.map(({ form }) => form.get('token'))).toEqual(['one_a'])
    expect(second.asked.map(({ form }) => form.get('token'))).toEqual(['two_a'])
    await second.close()
  })
})

describe('revocation', () => {
  it('counts for opaque tokens too', async () => {
    const revocation = { file: resolve('test/vectors/revocation/mallory.yaml') }
    endpoint.members = { ...endpoint.members, sub: 'mallory' }
    await start({}, {}, { revocation })
    expect(await reasonOf('opaque')).toBe('revoked')
  })
})
