/** The authorization server for trying things out: real tokens, and manners of a real server. */
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startDevServer, type DevServer } from '../../../src/dev/index.js'

let server: DevServer

// One server for all: it takes a while to find the primes of its key.
beforeAll(async () => {
  server = await startDevServer({ host: '127.0.0.1', port: 0, audience: 'https://api.example.com' })
})

afterAll(async () => {
  await server.close()
})

const demo = { authorization: `Basic ${btoa('demo:demo')}` }

async function post(
  path: string,
  form: string | Record<string, string> | [string, string][],
  headers: Record<string, string> = {},
): Promise<Response> {
  const body = typeof form === 'string' ? form : new URLSearchParams(form)
  return await fetch(`${server.issuer}${path}`, { method: 'POST', headers, body })
}

async function get(path: string): Promise<unknown> {
  const response = await fetch(`${server.issuer}${path}`)
  expect(response.status).toBe(200)
  return await response.json()
}

async function token(form: Record<string, string> | [string, string][] = {}): Promise<string> {
  const response = await post(
    '/token',
    [['grant_type', 'client_credentials'], ...(Array.isArray(form) ? form : Object.entries(form))],
    demo,
  )
  expect(response.status).toBe(200)
  return ((await response.json()) as { access_token: string }).access_token
}

async function verify(accessToken: string): Promise<JWTPayload> {
  const keys = createLocalJWKSet((await get('/jwks')) as JSONWebKeySet)
  const { payload } = await jwtVerify(accessToken, keys, {
    issuer: server.issuer,
    typ: 'at+jwt',
    algorithms: ['RS256'],
    requiredClaims: ['sub', 'aud', 'client_id', 'iat', 'exp', 'jti'],
  })
  return payload
}

describe('the metadata', () => {
  it.each(['oauth-authorization-server', 'openid-configuration'])(
    'is found as %s',
    async (name) => {
      expect(await get(`/.well-known/${name}`)).toMatchObject({
        issuer: server.issuer,
        token_endpoint: `${server.issuer}/token`,
        jwks_uri: `${server.issuer}/jwks`,
        grant_types_supported: ['client_credentials'],
      })
    },
  )

  it('leads to one public key', async () => {
    const { keys } = (await get('/jwks')) as JSONWebKeySet
    expect(keys).toHaveLength(1)
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
  })
})

describe('a token', () => {
  it.each([
    ['by HTTP Basic', demo, {}],
    ['by the form', {}, { client_id: 'demo', client_secret: 'demo' }],
  ])('is given to the client that authenticates %s', async (_name, headers, secret) => {
    const form = { grant_type: 'client_credentials', scope: 'read:users admin', ...secret }
    const response = await post('/token', form, headers)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const answer = (await response.json()) as { access_token: string }
    expect(answer).toMatchObject({
      token_type: 'Bearer',
      expires_in: 3_600,
      scope: 'read:users admin',
    })
    expect(await verify(answer.access_token)).toMatchObject({
      sub: 'demo',
      client_id: 'demo',
      aud: 'https://api.example.com',
      scope: 'read:users admin',
    })
  })

  it('is one of a kind', async () => {
    const [first, second] = [await verify(await token()), await verify(await token())]
    expect(first.jti).not.toBe(second.jti)
  })

  it('is for the resource that the client names (RFC 8707)', async () => {
    expect((await verify(await token({ resource: 'https://a.example' }))).aud).toBe(
      'https://a.example',
    )
  })

  it('is for all the resources that the client names', async () => {
    const two: [string, string][] = [
      ['resource', 'https://a.example'],
      ['resource', 'https://b.example'],
    ]
    expect((await verify(await token(two))).aud).toEqual(['https://a.example', 'https://b.example'])
  })
})

describe('a request for a token', () => {
  it.each([
    ['with a wrong secret', { authorization: `Basic ${btoa('demo:wrong')}` }],
    ['of another client', { authorization: `Basic ${btoa('admin:demo')}` }],
    ['without a client', {}],
    ['with another scheme', { authorization: 'Bearer demo:demo' }],
    ['with broken credentials', { authorization: 'Basic %%%' }],
  ])('%s is refused with 401', async (_name, headers) => {
    const response = await post('/token', { grant_type: 'client_credentials' }, headers)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Basic realm="dev"')
    expect(await response.json()).toEqual({ error: 'invalid_client' })
  })

  it.each([
    ['another grant', 'grant_type=password&username=a&password=b'],
    ['no grant', ''],
    ['a body that is no form', '{"grant_type":"client_credentials"}'],
    ['bytes', '\u0000\uFFFF%zz&&&==='],
  ])('for %s is refused with 400', async (_name, body) => {
    const response = await post('/token', body, demo)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ error: 'unsupported_grant_type' })
  })

  it('with an endless body is cut off, and the server goes on', async () => {
    const status = await post('/token', 'x'.repeat(1_000_000), demo).then(
      (response) => response.status,
      () => 'cut off',
    )
    expect([413, 'cut off']).toContain(status)
    expect(await verify(await token())).toMatchObject({ sub: 'demo' })
  })
})

describe('rotation', () => {
  it('replaces the key: new tokens have the new one, old tokens have none', async () => {
    const old = await token()
    const response = await post('/rotate', '')
    const { kid } = (await response.json()) as { kid: string }
    const { keys } = (await get('/jwks')) as JSONWebKeySet
    expect(keys.map((key) => key.kid)).toEqual([kid])
    expect(await verify(await token())).toMatchObject({ sub: 'demo' })
    await expect(verify(old)).rejects.toThrow(/no applicable key/)
  })
})

describe('another request', () => {
  it.each([
    ['GET', '/token'],
    ['GET', '/rotate'],
    ['POST', '/jwks'],
    ['GET', '/'],
    ['DELETE', '/anything?x=1'],
  ])('%s %s is not found', async (method, path) => {
    const response = await fetch(`${server.issuer}${path}`, { method })
    expect(response.status).toBe(404)
  })
})
