/**
 * The contract through a real Envoy: what a client is told, and what the operator's access log says about it.
 * Envoy runs deploy/envoy/envoy.yaml; only ports differ.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEnvoyStack, type EnvoyStack } from '../support/envoy-stack.js'
import { wheelBinary } from '../support/proxies/proxy.js'
import { rawRequest, sendRaw } from '../support/raw-http.js'
import { until } from '../support/until.js'

const realm = 'Bearer realm="users"'

describe('Scopegate behind the shipped Envoy configuration', () => {
  let stack: EnvoyStack
  beforeAll(async () => {
    stack = await startEnvoyStack()
  })
  afterAll(async () => {
    await stack.close()
  })

  it('is a file that Envoy takes as it is', async () => {
    const flags = ['--mode', 'validate', '--log-level', 'error', '-c', 'deploy/envoy/envoy.yaml']
    const { stdout } = await promisify(execFile)(wheelBinary('envoy/_bin/envoy'), flags)
    expect(stdout).toContain("configuration 'deploy/envoy/envoy.yaml' OK")
  })

  it('lets a good token through and tells the upstream who calls', async () => {
    const token = await stack.issuer.token()
    const answer = await stack.send('/read?page=2', { token })
    expect(answer.status).toBe(200)
    expect(stack.upstream.requests.at(-1)).toMatchObject({ method: 'GET', target: '/read?page=2' })
    expect(stack.upstream.lastIdentity('x-auth-subject')).toEqual(['alice'])
    expect(stack.upstream.lastIdentity('x-auth-scope')).toEqual(['read:users'])
  })

  it('lets anybody through on a public route, whatever the credentials', async () => {
    expect((await stack.send('/health')).status).toBe(200)
    expect((await stack.send('/health', { token: 'garbage' })).status).toBe(200)
  })

  it('asks for a token with a challenge that has no error', async () => {
    const answer = await stack.send('/read')
    expect(answer).toMatchObject({ status: 401, challenge: `${realm}, scope="read:users"` })
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('treats another scheme as no token', async () => {
    const answer = await stack.send('/read', { headers: { authorization: 'Basic ZGVtbzpkZW1v' } })
    expect(answer).toMatchObject({ status: 401, challenge: `${realm}, scope="read:users"` })
  })

  it('refuses an expired token', async () => {
    const token = await stack.issuer.token({ exp: Math.floor(Date.now() / 1000) - 3_600 })
    expect(await stack.send('/read', { token })).toMatchObject({
      status: 401,
      challenge: `${realm}, error="invalid_token", error_description="The access token expired"`,
    })
  })

  it('refuses a token for somebody else without saying why in detail', async () => {
    const challenge = `${realm}, error="invalid_token", error_description="The access token is not valid here"`
    const token = await stack.issuer.token({ aud: 'https://other.example' })
    expect(await stack.send('/read', { token })).toMatchObject({ status: 401, challenge })
    const [header, payload] = (await stack.issuer.token()).split('.')
    const forged = `${header!}.${payload!}.${'A'.repeat(86)}`
    expect(await stack.send('/read', { token: forged })).toMatchObject({ status: 401, challenge })
  })

  it('names every scope that is needed when one is missing', async () => {
    const token = await stack.issuer.token()
    expect(await stack.send('/create', { method: 'POST', token })).toMatchObject({
      status: 403,
      challenge:
        `${realm}, error="insufficient_scope", ` +
        'error_description="The access token lacks a required scope", scope="create:users read:users"',
    })
  })

  it('refuses two credentials as a bad request', async () => {
    const token = await stack.issuer.token()
    const credentials = `authorization: Bearer ${token}`
    const request = rawRequest('GET /read HTTP/1.1', 'host: api', credentials, credentials)
    const answer = await sendRaw(stack.envoy.port, request)
    expect(answer.status).toBe(400)
    expect(answer.headers['www-authenticate']).toEqual([
      `${realm}, error="invalid_request", error_description="Multiple methods used to include access token"`,
    ])
  })

  it('denies what no route allows, without a challenge', async () => {
    const token = await stack.issuer.token()
    for (const answer of [
      await stack.send('/nowhere', { token }),
      await stack.send('/read', { token, method: 'DELETE' }),
    ]) {
      expect(answer).toMatchObject({ status: 403, challenge: undefined })
    }
  })

  it('answers a path with two meanings with 400', async () => {
    const token = await stack.issuer.token()
    const answer = await stack.send('/me/a;b', { token })
    expect(answer).toMatchObject({ status: 400, challenge: undefined })
    expect(JSON.parse(answer.body)).toEqual({
      status: 400,
      message: 'The path has no single meaning',
    })
  })

  it('writes a JSON body for who accepts it, and none for who does not', async () => {
    const json = await stack.send('/read', { headers: { accept: 'application/json' } })
    expect(json.headers.get('content-type')).toBe('application/json')
    expect(JSON.parse(json.body)).toEqual({
      status: 401,
      message: 'An access token is required',
      scope: 'read:users',
    })
    const html = await stack.send('/read', { headers: { accept: 'text/html' } })
    expect(html).toMatchObject({ status: 401, challenge: json.challenge, body: '' })
  })

  it('leaves the decision in Envoy’s access log, and no secret', async () => {
    const token = await stack.issuer.token()
    await stack.send(`/read?logged=1&access_token=${token}`, { token })
    await stack.send('/create?logged=1', { method: 'POST', token })
    await until(async () => (await stack.envoy.accessLog()).at(-1)?.['path'] === '/create')
    const [allowed, denied] = (await stack.envoy.accessLog()).slice(-2)
    const caller = { issuer: 'main', subject: 'alice', client: 'app' }
    const decisionId = expect.stringMatching(/^[0-9a-f]{24}$/) as string
    expect(allowed).toMatchObject({
      ...{
        ...caller,
        path: '/read',
        status: 200,
        decision: 'allow',
        reason: 'none',
        route: 'read',
      },
      decision_id: decisionId,
    })
    expect(denied).toMatchObject({
      ...{ ...caller, path: '/create', status: 403, decision: 'deny', route: 'create' },
      ...{ reason: 'insufficient_scope', flags: 'UAEX', details: 'ext_authz_denied' },
      decision_id: decisionId,
    })
    const logged = stack.gate.log.find((line) => line['decision_id'] === denied?.['decision_id'])
    expect(logged).toMatchObject({ reason: 'insufficient_scope' })
    expect(JSON.stringify(await stack.envoy.accessLog())).not.toContain(token.slice(0, 40))
  })

  it('never got an answer from the gate that Envoy calls invalid or an error', async () => {
    const stats = await stack.envoy.admin('/stats?filter=ext_authz')
    const count = (name: string): string | undefined =>
      new RegExp(`ext_authz\\.${name}: (\\d+)`).exec(stats)?.[1]
    expect({ invalid: count('invalid') ?? '0', error: count('error') ?? '0' }).toEqual({
      invalid: '0',
      error: '0',
    })
    expect(Number(count('denied'))).toBeGreaterThan(0)
  })
})
