/**
 * When Scopegate cannot decide: 503 and Retry-After whatever Envoy's failure_mode_allow says, unless the operator
 * hands the matter to Envoy with `onUnavailable: defer`. And when there is no Scopegate at all.
 */
import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it } from 'vitest'
import type { Answer } from '../support/authorization-server.js'
import { startEchoUpstream } from '../support/echo-upstream.js'
import { failOpen, startEnvoy } from '../support/envoy.js'
import type { Replacement } from '../support/shipped-file.js'
import { startEnvoyStack, type EnvoyStack } from '../support/envoy-stack.js'
import { grpcRefusal } from '../support/grpc-refusal.js'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A stack whose authorization server answers everything with 500, or as told, so that there never is a key. */
async function startWithoutKeys(
  replace: readonly Replacement[],
  grpc: Record<string, string> = {},
  answer: Answer = (_, response) => response.writeHead(500).end(),
): Promise<EnvoyStack> {
  const stack = await startEnvoyStack({
    replace,
    config: { listen: { grpc } },
    awaitReady: false,
    prepare: (issuer) => {
      for (const name of ['oauth-authorization-server', 'openid-configuration']) {
        issuer.answer(`/.well-known/${name}`, answer)
      }
    },
  })
  cleanups.push(async () => {
    await stack.close()
  })
  return stack
}

describe('a gate without keys', () => {
  it.each([
    ['false', []],
    ['true', [failOpen]],
  ])('answers 503 with Retry-After when failure_mode_allow is %s', async (_, replace) => {
    const stack = await startWithoutKeys(replace)
    const answer = await stack.send('/read', { token: await stack.issuer.token() })
    expect(answer).toMatchObject({ status: 503, challenge: undefined })
    expect(answer.headers.get('retry-after')).toBe('5')
    expect(JSON.parse(answer.body)).toEqual({
      status: 503,
      message: 'Access tokens cannot be verified at the moment',
    })
    expect(stack.upstream.reached).toEqual([])
  })

  it('answers before Envoy stops waiting when the authorization server never does', async () => {
    const stack = await startWithoutKeys([failOpen], {}, () => undefined)
    const answer = await stack.send('/read', { token: await stack.issuer.token() })
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('5')
    expect(JSON.parse(answer.body)).toMatchObject({ message: 'The decision took too long' })
    expect(stack.upstream.reached).toEqual([])
  })

  it('is UNAVAILABLE for a gRPC client', async () => {
    const stack = await startWithoutKeys([failOpen])
    const authorization = `Bearer ${await stack.issuer.token()}`
    const error = await grpcRefusal(stack.envoy.port, '/create', { authorization })
    expect(error.code).toBe(status.UNAVAILABLE)
  })

  it('still decides what needs no key', async () => {
    const stack = await startWithoutKeys([])
    expect((await stack.send('/health')).status).toBe(200)
    expect((await stack.send('/read')).status).toBe(401)
    expect((await stack.send('/nowhere')).status).toBe(403)
  })

  it('leaves the request to failure_mode_allow when told to defer', async () => {
    const open = await startWithoutKeys([failOpen], { onUnavailable: 'defer' })
    const token = await open.issuer.token()
    expect((await open.send('/read', { token })).status).toBe(200)
    expect(open.upstream.requests).toHaveLength(1)
    // What is decided stays decided: only "cannot decide" is deferred.
    expect((await open.send('/read')).status).toBe(401)
    expect((await open.send('/me/a;b', { token })).status).toBe(400)
    expect(open.upstream.requests).toHaveLength(1)
  })

  // No answer of ours can take a header away from a request that Envoy lets through undecided: the shipped file does.
  it('brings no forged identity header to the upstream, even undecided', async () => {
    const open = await startWithoutKeys([failOpen], { onUnavailable: 'defer' })
    const headers = { 'x-auth-subject': 'root', 'X-Auth-Scope': 'admin', 'x-auth-client': 'root' }
    await open.send('/read', { token: await open.issuer.token(), headers })
    expect(open.upstream.reached).toContain('GET /read')
    for (const name of ['x-auth-subject', 'x-auth-scope', 'x-auth-client']) {
      expect(open.upstream.lastIdentity(name)).toEqual([])
    }
  })

  it('fails closed when told to defer to failure_mode_allow: false', async () => {
    const shut = await startWithoutKeys([], { onUnavailable: 'defer' })
    const answer = await shut.send('/read', { token: await shut.issuer.token() })
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('5')
    expect(shut.upstream.reached).toEqual([])
  })
})

describe('no gate at all', () => {
  async function statusWithoutGate(replace: readonly Replacement[]): Promise<number[]> {
    const upstream = await startEchoUpstream()
    cleanups.push(upstream.close)
    // Nobody listens on port 1.
    const envoy = await startEnvoy({ gates: ['127.0.0.1:1'], upstreamPort: upstream.port, replace })
    cleanups.push(envoy.stop)
    const { status: answered } = await fetch(`${envoy.url}/read`)
    return [answered, upstream.requests.length]
  }

  it('is 503 with the shipped file, and nothing reaches the upstream', async () => {
    expect(await statusWithoutGate([])).toEqual([503, 0])
  })

  it('opens the upstream with failure_mode_allow: true, which is why the file says false', async () => {
    expect(await statusWithoutGate([failOpen])).toEqual([200, 1])
  })
})
