/**
 * Envoy that asks over HTTP. The fail-open audit: told to let requests through when the gate fails, Envoy gets every
 * malformed request there is, and tokens of issuers that cannot be asked. Nothing reaches the upstream, because the gate
 * answers everything, in time, and never with 5xx. And what happens when there is no gate, or something else.
 */
import { execFile } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { status as grpcStatus } from '@grpc/grpc-js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { examineFile } from '../../src/doctor/index.js'
import {
  startTestAuthorizationServer,
  type TestAuthorizationServer,
} from '../support/authorization-server.js'
import { startEchoUpstream, type EchoUpstream } from '../support/echo-upstream.js'
import { allowUnderscores, failOpen, noNormalisation } from '../support/envoy.js'
import { grpcRefusal } from '../support/grpc-refusal.js'
import { hostileRequests } from '../support/hostile-requests.js'
import { hostileStreams } from '../support/hostile-streams.js'
import { hostileTokens } from '../support/hostile-tokens.js'
import { startEnvoyHttp, type RunningEnvoy } from '../support/proxies/envoy-http.js'
import { wheelBinary } from '../support/proxies/proxy.js'
import { allow, faults, startByteGate, type ByteGate } from '../support/proxy-peers.js'
import { apiHost, rawRequest, sendRaw, type RawAnswer } from '../support/raw-http.js'
import type { Replacement } from '../support/shipped-file.js'
import { startTestGate, testConfig, type TestGate } from '../support/test-gate.js'
import { everyTrace, requestsThatReach, sender, tracesOfStreams } from '../support/reached-by.js'
import { until } from '../support/until.js'

const file = 'deploy/envoy/envoy-http.yaml'
const absentIssuer = 'http://127.0.0.1:1'

interface Stack {
  readonly issuer: TestAuthorizationServer
  readonly silentIssuer: string
  readonly gate: TestGate
  readonly upstream: EchoUpstream
  readonly envoy: RunningEnvoy
  readonly get: (path: string, ...lines: readonly string[]) => Promise<RawAnswer>
  readonly close: () => Promise<void>
}

/** A gate that trusts an issuer that answers, one that is absent, and one that takes connections and says nothing. */
async function startStack(
  replace: readonly Replacement[],
  http: Record<string, string> = {},
): Promise<Stack> {
  const issuer = await startTestAuthorizationServer()
  const silent = createServer()
  await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening))
  const silentIssuer = `http://127.0.0.1:${String((silent.address() as AddressInfo).port)}`
  const issuers = [
    { id: 'main', issuer: issuer.issuer },
    { id: 'absent', issuer: absentIssuer },
    { id: 'silent', issuer: silentIssuer },
  ]
  const config = testConfig(issuer, { issuers, listen: { http } })
  const gate = await startTestGate(config, { awaitReady: false })
  await until(async () => (await gate.readyz()).body.components['issuer:main']?.ready === true)
  const upstream = await startEchoUpstream()
  const gatePort = Number(gate.addresses.http.split(':').at(-1))
  const ports = { gatePort, grpcPort: 1, upstreamPort: upstream.port }
  const envoy = await startEnvoyHttp({ ...ports, replace })
  return {
    ...{ issuer, silentIssuer, gate, upstream, envoy },
    get: async (path, ...lines) =>
      await sendRaw(envoy.port, rawRequest(`GET ${path} HTTP/1.1`, apiHost, ...lines)),
    async close() {
      await envoy.stop()
      await Promise.all([gate.close(), upstream.close(), issuer.close()])
      silent.close()
    },
  }
}

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function temporaryStack(...how: Parameters<typeof startStack>): Promise<Stack> {
  const stack = await startStack(...how)
  cleanups.push(stack.close)
  return stack
}

describe('the shipped file', () => {
  it('is valid to Envoy', async () => {
    const args = ['--mode', 'validate', '--config-path', resolve(file)]
    const { stdout } = await promisify(execFile)(wheelBinary('envoy/_bin/envoy'), args)
    expect(stdout).toContain('OK')
  })

  it('has nothing that the doctor finds', () => {
    expect(examineFile(file)).toMatchObject({ kind: 'envoy', findings: [] })
  })
})

const nothingHelps: readonly Replacement[] = [failOpen, allowUnderscores, ...noNormalisation]
const changedOctets: Replacement = ['encode_raw_headers: true', 'encode_raw_headers: false']
describe.each<readonly [string, readonly Replacement[]]>([
  ['the shipped file', [failOpen]],
  ['a file without any normalisation', nothingHelps],
  ['a file without normalisation and raw headers', [...nothingHelps, changedOctets]],
])('with failure_mode_allow in %s', (_, replace) => {
  let stack: Stack
  beforeAll(async () => {
    stack = await startStack(replace)
  })
  afterAll(async () => {
    await stack.close()
  })

  it('no HTTP/1.1 request reaches the upstream', async () => {
    const bad = {
      ...(await hostileTokens(stack.issuer)),
      'an absent issuer': await stack.issuer.token({ iss: absentIssuer }),
      'a silent issuer': await stack.issuer.token({ iss: stack.silentIssuer }),
    }
    const requests = hostileRequests({ good: await stack.issuer.token(), bad })
    const { upstream } = stack
    const send = sender(stack.envoy.port)
    const reachedBy = await requestsThatReach(upstream, requests, everyTrace, send)
    expect(reachedBy).toEqual([])
  })

  it('no HTTP/2 stream reaches the upstream', async () => {
    const streams = hostileStreams(await stack.issuer.token())
    const { upstream, envoy } = stack
    const traces = await tracesOfStreams(upstream, envoy.port, streams, everyTrace)
    expect(traces).toEqual([])
  })

  it('Envoy never had to fall back on its switch, and still works', async () => {
    const stats = await stack.envoy.admin('/stats?filter=^http.api.ext_authz')
    expect(stats).toMatch(/ext_authz\.denied: [1-9]/)
    for (const name of ['error', 'failure_mode_allowed', 'invalid']) {
      expect(stats).toContain(`http.api.ext_authz.${name}: 0\n`)
    }
    const bearer = `authorization: Bearer ${await stack.issuer.token()}`
    expect((await stack.get('/read', bearer)).status).toBe(200)
    expect(stack.upstream.reached).toEqual(['a connection', 'GET /read'])
  })
})

describe('a gate that cannot decide', () => {
  const forged = 'x-auth-subject: root'

  it('says 429 with Retry-After before Envoy stops waiting, and UNAVAILABLE to gRPC', async () => {
    const stack = await temporaryStack([failOpen])
    const token = await stack.issuer.token({ iss: stack.silentIssuer })
    const answer = await stack.get('/read', `authorization: Bearer ${token}`)
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, ['5']])
    const authorization = `Bearer ${token}`
    const refused = await grpcRefusal(stack.envoy.port, '/create', { authorization })
    expect(refused.code).toBe(grpcStatus.UNAVAILABLE)
    expect(stack.upstream.reached).toEqual([])
  })

  it('leaves the request to failure_mode_allow when told to defer, without forged identity', async () => {
    const stack = await temporaryStack([failOpen], { onUnavailable: 'defer' })
    const token = await stack.issuer.token({ iss: absentIssuer })
    const bearer = `authorization: Bearer ${token}`
    expect((await stack.get('/read', bearer, forged)).status).toBe(200)
    expect(stack.upstream.lastIdentity('x-auth-subject')).toEqual([])
    // What is decided stays decided: only "cannot decide" is deferred.
    expect((await stack.get('/read')).status).toBe(401)
    expect((await stack.get('/me/a;b', bearer)).status).toBe(400)
    expect(stack.upstream.requests).toHaveLength(1)
  })

  it('is 503 when told to defer to failure_mode_allow: false', async () => {
    const stack = await temporaryStack([], { onUnavailable: 'defer' })
    const token = await stack.issuer.token({ iss: absentIssuer })
    expect((await stack.get('/read', `authorization: Bearer ${token}`)).status).toBe(503)
    expect(stack.upstream.reached).toEqual([])
  })
})

it('an access log line has the id of the decision, and neither query nor token', async () => {
  const stack = await temporaryStack([])
  const token = await stack.issuer.token()
  await stack.get('/me/a?secret=1', `authorization: Bearer ${token}`)
  const refused = await stack.get('/read?secret=2')
  const lines = (): Record<string, unknown>[] =>
    stack.envoy
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  await until(() => lines().length === 2, 'two lines')
  const [first, second] = lines()
  expect(first).toMatchObject({
    path: '/me/a',
    status: 200,
    decision_id: expect.any(String) as string,
  })
  expect(second).toMatchObject({ path: '/read', status: 401, details: 'ext_authz_denied' })
  const logged = stack.gate.log.find((line) => line['decision'] === 'deny')
  expect(second?.['decision_id']).toBe(logged?.['decision_id'])
  expect(refused.headers['x-scopegate-decision-id']).toEqual([logged?.['decision_id']])
  expect(stack.envoy.output()).not.toMatch(/secret|Bearer/)
  expect(stack.envoy.output()).not.toContain(token)
})

describe('something else at the port of the gate', () => {
  let gate: ByteGate
  let upstream: EchoUpstream
  let envoy: RunningEnvoy
  const forged = ['x-auth-subject: root', 'X-Auth-Subject: admin', 'x-auth-scope: all']
  const request = rawRequest('GET /read HTTP/1.1', apiHost, ...forged)
  beforeAll(async () => {
    gate = await startByteGate()
    upstream = await startEchoUpstream()
    envoy = await startEnvoyHttp({ gatePort: gate.port, grpcPort: 1, upstreamPort: upstream.port })
  })
  beforeEach(() => {
    gate.reply = allow
    upstream.reached.splice(0)
  })
  afterAll(async () => {
    await envoy.stop()
    await Promise.all([gate.close(), upstream.close()])
  })

  const another = '200 of another server'
  it.each(faults.filter(([name]) => name !== another))(
    'lets nobody in with %s',
    async (_, reply) => {
      gate.reply = reply
      const startedAt = performance.now()
      await sendRaw(envoy.port, request)
      expect(performance.now() - startedAt).toBeLessThan(8_000)
      expect(upstream.reached).toEqual([])
      gate.reply = allow
      expect((await sendRaw(envoy.port, request)).status).toBe(200)
      expect(upstream.lastIdentity('x-auth-subject')).toEqual(['alice'])
    },
  )

  // Envoy asks for no more than the status. What it can be kept from is to hand on what the client says it is.
  it('lets in with a 200 of anybody, and then without forged identity headers', async () => {
    gate.reply = new Map(faults).get(another) ?? allow
    expect((await sendRaw(envoy.port, request)).status).toBe(200)
    for (const name of ['x-auth-subject', 'x-auth-scope']) {
      expect(upstream.lastIdentity(name)).toEqual([])
    }
  })

  it('is 503 without a gate, and lets in again when it is back', async () => {
    await gate.close()
    const startedAt = performance.now()
    expect((await sendRaw(envoy.port, request)).status).toBe(503)
    expect(performance.now() - startedAt).toBeLessThan(8_000)
    expect(upstream.reached).toEqual([])
    gate = await startByteGate(gate.port)
    await until(async () => (await sendRaw(envoy.port, request)).status === 200, 'an allow')
  })

  it('is asked on connections that stay, with what it reads and nothing that a client made up', async () => {
    await sendRaw(envoy.port, request)
    const before = gate.connections()
    const lines = ['authorization: a\xff', 'authorization: b', 'cookie: c', 'x-forwarded-uri: /d']
    const post = rawRequest('POST /read?q HTTP/1.1', apiHost, ...lines, 'content-length: 2')
    for (let i = 0; i < 5; i += 1) await sendRaw(envoy.port, `${post}hi`)
    expect(gate.connections()).toBe(before)
    const question = gate.questions.at(-1) ?? ''
    expect(question).toMatch(/^POST \/envoy\/read\?q HTTP\/1\.1\r\n/)
    expect(question).toContain('authorization: a\xff,b\r\n')
    expect(question).toContain('content-length: 0\r\n')
    expect(question).not.toMatch(/cookie|\/d/)
  })
})
