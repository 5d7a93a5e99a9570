/**
 * Two peers that we did not write: oidc-provider issues the access tokens, and oauth4webapi is the client that asks for
 * them and reads our challenges. The gate between them is whole, and is asked over gRPC.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeProtectedHeader } from 'jose'
import type { CheckAnswer } from '../support/check-client.js'
import { testAudience } from '../support/authorization-server.js'
import { expectAllowed, expectRefusal } from '../support/golden-refusals.js'
import {
  startOidcAuthorizationServer,
  type OidcAuthorizationServer,
} from '../support/oidc-authorization-server.js'
import { parseChallenges } from '../support/parsed-challenge.js'
import { startTestGate, testConfig, type TestGate } from '../support/test-gate.js'

const resource = testAudience

async function ask(gate: TestGate, path: string, token?: string, method = 'GET') {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return await gate.client.check({ method, path, headers })
}

async function challengeOf(answer: CheckAnswer) {
  const challenges = await parseChallenges(answer.headers['www-authenticate'] ?? [])
  expect(challenges.map(({ scheme }) => scheme)).toEqual(['bearer'])
  return { ...challenges[0]!.parameters }
}

describe.each(['RS256', 'PS256', 'ES256', 'Ed25519'])(
  'access tokens signed with %s',
  (algorithm) => {
    let server: OidcAuthorizationServer
    let gate: TestGate
    beforeAll(async () => {
      server = await startOidcAuthorizationServer(algorithm)
      gate = await startTestGate(testConfig(server.issuer))
    })
    afterAll(async () => {
      await gate.close()
      await server.close()
    })

    it('are found by discovery and accepted', async () => {
      const token = await server.token({ resource, scope: 'read:users' })
      expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt', alg: algorithm })
      const answer = await ask(gate, '/read', token)
      expectAllowed(answer)
      expect(answer.headers).toMatchObject({ 'x-auth-scope': ['read:users'] })
      expect(answer.metadata).toMatchObject({ client: 'app', scopes: 'read:users', issuer: 'main' })
    })

    it('are accepted on first use after the server came back with another key', async () => {
      const old = await server.token({ resource, scope: 'read:users' })
      expectAllowed(await ask(gate, '/read', old))
      await server.rotate()
      const token = await server.token({ resource, scope: 'read:users' })
      expect(decodeProtectedHeader(token).kid).not.toBe(decodeProtectedHeader(old).kid)
      expectAllowed(await ask(gate, '/read', token))
      expectRefusal(await ask(gate, '/read', old), 'unknown_key')
    })
  },
)

describe('a client that learns from challenges', () => {
  let server: OidcAuthorizationServer
  let gate: TestGate
  beforeAll(async () => {
    server = await startOidcAuthorizationServer()
    gate = await startTestGate(testConfig(server.issuer))
  })
  afterAll(async () => {
    await gate.close()
    await server.close()
  })

  it('is told without an error what scope to ask for, asks, and is allowed', async () => {
    const refused = await ask(gate, '/create', undefined, 'POST')
    expect(refused.status).toBe(401)
    const { realm, scope, ...others } = await challengeOf(refused)
    expect({ realm, scope, others }).toEqual({
      realm: 'users',
      scope: 'create:users read:users',
      others: {},
    })
    const token = await server.token({ resource, scope: scope! })
    expectAllowed(await ask(gate, '/create', token, 'POST'))
  })

  it('is told which scopes are lacking, asks for them, and is allowed', async () => {
    const weak = await server.token({ resource, scope: 'read:users' })
    const refused = await ask(gate, '/create', weak, 'POST')
    expect(refused.status).toBe(403)
    const { error, scope } = await challengeOf(refused)
    expect(error).toBe('insufficient_scope')
    expectAllowed(
      await ask(gate, '/create', await server.token({ resource, scope: scope! }), 'POST'),
    )
  })

  it.each([
    [
      'another resource',
      { resource: 'https://other.example', scope: 'read:users' },
      'wrong_audience',
    ],
    ['a DPoP key', { resource, scope: 'read:users', dpop: true }, 'unverifiable_confirmation'],
    ['no resource, and is opaque', {}, 'malformed_token'],
  ] as const)('is told that a token for %s is no good', async (_, request, reason) => {
    const refused = await ask(gate, '/read', await server.token(request))
    expectRefusal(refused, reason)
    const { realm, error, error_description: description } = await challengeOf(refused)
    expect({ realm, error }).toEqual({ realm: 'users', error: 'invalid_token' })
    expect(description).toBeTruthy()
  })

  it('is told that its token has no scope', async () => {
    const refused = await ask(gate, '/read', await server.token({ resource }))
    expectRefusal(refused, 'insufficient_scope')
  })

  it('is told that it sent two tokens', async () => {
    const token = await server.token({ resource, scope: 'read:users' })
    const refused = await ask(gate, '/read', `${token}, Bearer ${token}`)
    expect(refused.status).toBe(400)
    expect(await challengeOf(refused)).toMatchObject({ realm: 'users', error: 'invalid_request' })
  })
})
