/**
 * Three times as many new tokens as the gate can verify, half of them made up, through a real Envoy: nothing gets through
 * that should not, what is refused for overload says so at once and properly, known tokens notice nothing, and Envoy never
 * has to decide by itself.
 *
 * A signature is made dear, not the load great: tokens without `kid` are tried with sixteen keys, and it is the last that
 * signed. So a few hundred requests a second are too many for the gate, and not for the machine.
 */
import { CompactSign } from 'jose'
import { Agent } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { createTestKey, testAudience } from '../support/authorization-server.js'
import { startEchoUpstream } from '../support/echo-upstream.js'
import { failOpen, startEnvoy } from '../support/envoy.js'
import { askOnce, offer, type OfferedAnswer } from '../support/offered-load.js'
import { parsePrometheusText, type Sample } from '../support/prometheus-text.js'
import { startServeProcess } from '../support/serve-process.js'
import type { Replacement } from '../support/shipped-file.js'
import { testConfig } from '../support/test-gate.js'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const issuer = 'https://issuer.example.com'
/** Without a bound on waiting, what is offered here would wait for up to twice as long as it is offered. */
const offeredSeconds = 4
const limits = { maxConcurrentVerifications: 1, maxQueueMs: 200, decisionTimeoutMs: 3_000 }
/** Ten times the longest wait in the queue, and half of what a check would wait without it. */
const acceptedWithinMs = 2_000
/** Envoy would wait for longer than the gate ever does, also on a machine that others use as well. */
const patientEnvoy: readonly Replacement[] = [
  ['  timeout: 1s', '  timeout: 8s'],
  ['max_interval: 1s', 'max_interval: 8s'],
]

/** An issuer of sixteen keys, of which the last signs. */
async function createDearIssuer() {
  const keys = await Promise.all(
    Array.from({ length: 16 }, async () => await createTestKey('ES512')),
  )
  const privateKey = keys.at(-1)?.privateKey
  if (privateKey === undefined) throw new Error('there is no key')
  const sign = async (jws: CompactSign): Promise<string> => await jws.sign(privateKey)
  async function token(): Promise<string> {
    const now = Math.floor(Date.now() / 1_000)
    const claims = {
      ...{ iss: issuer, aud: testAudience, sub: 'alice', client_id: 'app', scope: 'read:users' },
      ...{ jti: crypto.randomUUID(), iat: now, exp: now + 600 },
    }
    const jws = new CompactSign(Buffer.from(JSON.stringify(claims)))
    return await sign(jws.setProtectedHeader({ alg: 'ES512', typ: 'at+jwt' }))
  }
  const tokens = async (count: number): Promise<string[]> =>
    await Promise.all(Array.from({ length: count }, token))
  return { jwks: { keys: keys.map(({ jwk }) => jwk) }, tokens }
}

/** A token that is a good one but for a byte of its signature. */
function forged(accessToken: string, byte: number): string {
  const [header = '', payload = '', signature = ''] = accessToken.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  bytes[byte] = (bytes[byte] ?? 0) ^ 1
  return `${header}.${payload}.${bytes.toString('base64url')}`
}

/** How many tokens that it does not know the gate verifies in a second. */
async function capacity(url: string, tokens: readonly string[]): Promise<number> {
  const agent = new Agent({ keepAlive: true })
  const startedAtMs = performance.now()
  try {
    for (let i = 0; i < tokens.length; i += 2) {
      const pair = tokens.slice(i, i + 2)
      await Promise.all(pair.map(async (one) => await askOnce(url, one, agent, startedAtMs)))
    }
    return (tokens.length * 1_000) / (performance.now() - startedAtMs)
  } finally {
    agent.destroy()
  }
}

/** Of four tokens in a row one is good and new, one is known, and two are made up. */
function mix(good: readonly string[], known: string): string[] {
  return good.flatMap((one) => [one, known, forged(one, 40), forged(one, 41)])
}

/** What a gate could not decide so far, for which reasons, and how much it refused for overload. */
async function errorsOf(admin: string) {
  const scrape = parsePrometheusText(await (await fetch(`http://${admin}/metrics`)).text())
  const errors = scrape.all('scopegate_decisions_total', { decision: 'error' })
  const sum = (samples: readonly Sample[]): number =>
    samples.reduce((total, { value }) => total + value, 0)
  return {
    reasons: [...new Set(errors.map(({ labels }) => labels['reason']))],
    decided: sum(errors),
    shed: sum(scrape.all('scopegate_shed_total')),
  }
}

function percentile99(answers: readonly OfferedAnswer[]): number {
  const times = answers.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
  return times[Math.floor(times.length * 0.99)] ?? Number.NaN
}

describe('three times as much as the gate can verify', () => {
  it.each([
    ['false', []],
    ['true', [failOpen]],
  ])('is a decision when failure_mode_allow is %s', async (_, replace) => {
    const dear = await createDearIssuer()
    const upstream = await startEchoUpstream()
    cleanups.push(upstream.close)
    const issuers = [{ id: 'main', issuer, algorithms: ['ES512'], keys: { jwks: dear.jwks } }]
    const gate = await startServeProcess(testConfig(issuer, { issuers, limits }))
    cleanups.push(gate.close)
    const envoy = await startEnvoy({
      gates: [gate.addresses.grpc],
      upstreamPort: upstream.port,
      replace: [...patientEnvoy, ...replace],
    })
    cleanups.push(envoy.stop)
    const url = `${envoy.url}/read`

    const [known = '', ...some] = await dear.tokens(61)
    await capacity(url, [known]) // So that it is known, and the way to it is warm.
    const perSecond = await capacity(url, some)
    const newPerSecond = 3 * perSecond
    const good = await dear.tokens(Math.ceil((newPerSecond * offeredSeconds) / 3))
    const before = await errorsOf(gate.addresses.admin)
    const reachedBefore = upstream.requests.length

    const answers = await offer(url, mix(good, known), (newPerSecond * 4) / 3)

    const [ofGood, ofKnown, ofForged] = [
      answers.filter((_answer, i) => i % 4 === 0),
      answers.filter((_answer, i) => i % 4 === 1),
      answers.filter((_answer, i) => i % 4 >= 2),
    ]
    const refused = answers.filter(({ status }) => status === 503)
    const accepted = [...ofGood, ...ofForged].filter(({ status }) => status !== 503)
    // Nothing that should not be let in was, and nobody got an answer of another kind.
    expect(new Set(ofKnown.map(({ status }) => status))).toEqual(new Set([200]))
    expect(ofGood.every(({ status }) => status === 200 || status === 503)).toBe(true)
    expect(ofForged.every(({ status }) => status === 401 || status === 503)).toBe(true)
    const letIn = answers.filter(({ status }) => status === 200)
    expect(upstream.requests.length - reachedBefore).toBe(letIn.length)
    // Overload showed, and was told as it should be.
    expect(refused.length).toBeGreaterThan(answers.length / 8)
    expect(accepted.length).toBeGreaterThan(answers.length / 16)
    const toldAs = refused.map(({ retryAfter, body }) => [retryAfter, JSON.parse(body) as unknown])
    expect(new Set(toldAs.map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify(['5', { status: 503, message: 'Too many requests are waiting' }])]),
    )
    // Whoever was accepted did not wait for long, whatever was offered.
    expect(percentile99(accepted)).toBeLessThan(acceptedWithinMs)
    expect(percentile99(refused)).toBeLessThan(acceptedWithinMs)
    // The gate counted what was seen, and Envoy met neither a time-out nor another fault.
    const after = await errorsOf(gate.addresses.admin)
    expect(after.reasons).toEqual(['overloaded'])
    expect(after.decided - before.decided).toBe(refused.length)
    expect(after.shed - before.shed).toBe(refused.length)
    const stats = await envoy.admin('/stats?filter=ext_authz')
    expect(/ext_authz\.ok: (\d+)/.exec(stats)?.[1]).not.toBe('0')
    for (const [, name, value] of stats.matchAll(
      /ext_authz\.(error|timeout|failure_mode_allowed): (\d+)/g,
    )) {
      expect([name, value]).toEqual([name, '0'])
    }
  })
})
