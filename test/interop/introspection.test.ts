/** Introspection with oidc-provider, an authorization server that is not ours: every client authentication, and RFC 9701. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose'
import Provider from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testAudience } from '../support/authorization-server.js'
import { startTestGate, testConfig } from '../support/test-gate.js'

const secret = 'only for this test: a secret + 100 %'
let issuer: string
let directory: string
let close: () => Promise<void>
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scopegate-introspection-'))
  const server = await generateKeyPair('ES256', { extractable: true })
  const client = await generateKeyPair('ES256', { extractable: true })
  await writeFile(join(directory, 'secret'), `${secret}\n`)
  await writeFile(join(directory, 'key.pem'), await exportPKCS8(client.privateKey))
  let handle: RequestListener = (_, response) => response.writeHead(503).end()
  const http = createServer((request, response) => {
    handle(request, response)
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`
  const rsa = await generateKeyPair('RS256', { extractable: true }) // The default for signed answers.
  const keys = [
    { ...(await exportJWK(server.privateKey)), alg: 'ES256', use: 'sig' },
    { ...(await exportJWK(rsa.privateKey)), alg: 'RS256', use: 'sig' },
  ]
  const clientKey = {
    ...(await exportJWK(client.publicKey)),
    kid: 'gate',
    alg: 'ES256',
    use: 'sig',
  }
  handle = new Provider(issuer, configuration(keys, clientKey)).callback()
  close = async () => {
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
    await rm(directory, { recursive: true })
  }
})
afterAll(async () => {
  await close()
})

const gates: readonly [string, Record<string, string>][] = [
  ['client_secret_basic', { clientId: 'basic', clientSecretFile: 'secret' }],
  [
    'client_secret_post',
    { clientId: 'post', clientSecretFile: 'secret', authMethod: 'client_secret_post' },
  ],
  [
    'private_key_jwt',
    { clientId: 'key', privateKeyFile: 'key.pem', kid: 'gate', algorithm: 'ES256' },
  ],
  [
    'signed answers',
    { clientId: 'signed', clientSecretFile: 'secret', signedResponses: 'require' },
  ],
]

describe.each(gates)('introspection with %s', (_name, settings) => {
  it('allows an active opaque token, and refuses one that was revoked or never was', async () => {
    const inDirectory = Object.entries(settings).map(([key, value]) => [
      key,
      key.endsWith('File') ? join(directory, value) : value,
    ])
    const introspection = {
      discovery: true,
      cacheSeconds: 0,
      negativeCacheSeconds: 0,
      ...(Object.fromEntries(inDirectory) as Record<string, string>),
    }
    const gate = await startTestGate(
      testConfig(issuer, { issuers: [{ id: 'main', issuer, introspection }] }),
    )
    const reasonOf = async (token: string): Promise<unknown> => {
      const headers = { authorization: `Bearer ${token}` }
      return (await gate.client.check({ path: '/read', headers })).metadata['reason']
    }
    const token = await post('/token', {
      grant_type: 'client_credentials',
      resource: testAudience,
      scope: 'read:users',
    })
    const granted = (await token.json()) as { access_token: string }
    expect(Object.keys(granted), JSON.stringify(granted)).toContain('access_token')
    const { access_token: opaque } = granted
    expect(opaque.split('.')).toHaveLength(1)
    expect(await reasonOf(opaque)).toBe('none')
    expect(await reasonOf('no-token-of-this-issuer')).toBe('inactive_token')
    await post('/token/revocation', { token: opaque })
    expect(await reasonOf(opaque)).toBe('inactive_token')
    await gate.close()
  })
})

async function post(path: string, form: Record<string, string>): Promise<Response> {
  const body = new URLSearchParams({ client_id: 'app', client_secret: secret, ...form })
  return await fetch(`${issuer}${path}`, { method: 'POST', body })
}

function configuration(keys: object[], clientKey: object): object {
  const client = (id: string, more: object = {}) => ({
    client_id: id,
    client_secret: secret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: 'ES256',
    ...more,
  })
  return {
    jwks: { keys },
    clients: [
      client('app', { token_endpoint_auth_method: 'client_secret_post' }),
      client('basic'),
      client('post', { token_endpoint_auth_method: 'client_secret_post' }),
      client('key', {
        client_secret: undefined,
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        jwks: { keys: [clientKey] },
      }),
      client('signed', { introspection_signed_response_alg: 'ES256' }),
    ],
    enabledJWA: {
      idTokenSigningAlgValues: ['ES256'],
      introspectionSigningAlgValues: ['ES256', 'RS256'],
      clientAuthSigningAlgValues: ['ES256'],
    },
    scopes: ['read:users'],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      jwtIntrospection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        getResourceServerInfo: (_context: unknown, resource: string) => ({
          scope: 'read:users',
          audience: resource,
          accessTokenFormat: 'opaque',
        }),
      },
    },
  }
}
