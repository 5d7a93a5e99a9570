/**
 * Identity headers at the upstream: exactly one trusted value or none, whatever the client sends.
 *
 * Envoy runs the shipped file with one change: names with underscores are let in, so that what is seen is Scopegate's
 * own stripping and not Envoy's refusal.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allowUnderscores } from '../support/envoy.js'
import { startEnvoyStack, type EnvoyStack } from '../support/envoy-stack.js'
import { forgeries } from '../support/forgeries.js'
import { rawRequest, sendRaw } from '../support/raw-http.js'
import { testAudience } from '../support/authorization-server.js'

const resource = {
  id: 'users-api',
  audiences: [testAudience],
  upstreamHeaders: {
    'x-auth-subject': '/sub',
    'x-auth-scope': '/scope',
    'x-auth-name': '/name',
    'x-auth-groups': '/groups',
  },
  routes: [
    { id: 'read', methods: ['GET'], path: '/read', scopes: ['read:users'] },
    { id: 'health', path: '/health', access: 'public' },
  ],
}

const identityNames = ['x-auth-subject', 'x-auth-scope', 'x-auth-name', 'x-auth-groups']

describe('identity headers', () => {
  let stack: EnvoyStack
  beforeAll(async () => {
    stack = await startEnvoyStack({
      replace: [allowUnderscores],
      config: { resources: [resource] },
    })
  })
  afterAll(async () => {
    await stack.close()
  })

  function identity(): Record<string, string[]> {
    return Object.fromEntries(
      identityNames.map((name) => [name, stack.upstream.lastIdentity(name)]),
    )
  }

  it('sends exactly what the token says', async () => {
    const token = await stack.issuer.token({ groups: ['a', 'b'] })
    expect((await stack.send('/read', { token })).status).toBe(200)
    expect(identity()).toEqual({
      'x-auth-subject': ['alice'],
      'x-auth-scope': ['read:users'],
      'x-auth-name': [],
      'x-auth-groups': ['a b'],
    })
  })

  it('percent-encodes what is not a plain header value', async () => {
    const name = 'Zoë\r\nx-auth-subject: root 💥 100%'
    const token = await stack.issuer.token({ name, groups: [' a', 'ü '] })
    expect((await stack.send('/read', { token })).status).toBe(200)
    const { 'x-auth-name': names, 'x-auth-groups': groups, ...others } = identity()
    expect(names).toEqual(['Zo%C3%AB%0D%0Ax-auth-subject: root %F0%9F%92%A5 100%25'])
    expect(decodeURIComponent(names![0]!)).toBe(name)
    expect(groups).toEqual(['%20a %C3%BC%20'])
    expect(others).toEqual({ 'x-auth-subject': ['alice'], 'x-auth-scope': ['read:users'] })
  })

  it.each(forgeries)('replaces or removes a forgery with a token: %s', async (_, lines) => {
    const token = await stack.issuer.token()
    const request = rawRequest(
      'GET /read HTTP/1.1',
      ...['host: api', `authorization: Bearer ${token}`, ...lines],
    )
    expect((await sendRaw(stack.envoy.port, request)).status).toBe(200)
    expect(identity()).toEqual({
      'x-auth-subject': ['alice'],
      'x-auth-scope': ['read:users'],
      'x-auth-name': [],
      'x-auth-groups': [],
    })
  })

  it.each(forgeries)('removes a forgery on a public route: %s', async (_, lines) => {
    const before = stack.upstream.requests.length
    const request = rawRequest('GET /health HTTP/1.1', 'host: api', ...lines)
    expect((await sendRaw(stack.envoy.port, request)).status).toBe(200)
    expect(stack.upstream.requests).toHaveLength(before + 1)
    expect(Object.values(identity()).flat()).toEqual([])
  })

  it('leaves other headers alone, underscores and all', async () => {
    const request = rawRequest('GET /health HTTP/1.1', 'host: api', 'x_other_header: 1', 'x-b: 2')
    expect((await sendRaw(stack.envoy.port, request)).status).toBe(200)
    expect(stack.upstream.requests.at(-1)?.headers).toEqual(
      expect.arrayContaining([
        ['x_other_header', '1'],
        ['x-b', '2'],
      ]),
    )
  })

  it('does not let a client choose another method or path for the upstream', async () => {
    const overrides = [
      ...['x-http-method-override', 'x-http-method', 'x-method-override'],
      ...['x-original-url', 'x-rewrite-url', 'X_HTTP_Method_Override', 'x_original-url'],
    ]
    const token = await stack.issuer.token()
    const request = rawRequest(
      'GET /read HTTP/1.1',
      ...['host: api', `authorization: Bearer ${token}`],
      ...overrides.map((name) => `${name}: DELETE`),
    )
    expect((await sendRaw(stack.envoy.port, request)).status).toBe(200)
    const values = stack.upstream.requests.at(-1)?.headers.map(([, value]) => value)
    expect(values).not.toContain('DELETE')
  })
})

describe('the shipped Envoy configuration itself', () => {
  it('refuses names with underscores before Scopegate is asked', async () => {
    const stack = await startEnvoyStack()
    try {
      const request = rawRequest('GET /health HTTP/1.1', 'host: api', 'x_anything: 1')
      expect((await sendRaw(stack.envoy.port, request)).status).toBe(400)
      expect(stack.upstream.reached).toEqual([])
    } finally {
      await stack.close()
    }
  })
})
