/** What a gate tells of its decisions: metadata, log and metrics agree, and none of them takes a word from a request. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reasons } from '../../src/check/index.js'
import {
  startTestAuthorizationServer,
  type TestAuthorizationServer,
} from '../support/authorization-server.js'
import type { CheckAnswer } from '../support/check-client.js'
import { parsePrometheusText, type Scrape } from '../support/prometheus-text.js'
import { startTestGate, testConfig, type TestGate } from '../support/test-gate.js'
import { until } from '../support/until.js'

let issuer: TestAuthorizationServer
let gate: TestGate

beforeAll(async () => {
  issuer = await startTestAuthorizationServer()
  gate = await startTestGate(testConfig(issuer))
})

afterAll(async () => {
  await gate.close()
  await issuer.close()
})

async function scrape(): Promise<Scrape> {
  return parsePrometheusText(await gate.metrics())
}

async function ask(token: string, path = '/read'): Promise<CheckAnswer> {
  return await gate.client.check({ path, headers: { authorization: `Bearer ${token}` } })
}

function linesOf(answer: CheckAnswer): readonly Record<string, unknown>[] {
  return gate.log.filter((line) => line['decision_id'] === answer.metadata['decision_id'])
}

describe('a decision of the gate', () => {
  it('that denies is one line of the log, found by the id in the metadata', async () => {
    const answers = await Promise.all([
      gate.client.check({ path: '/read' }),
      gate.client.check({ path: '/none' }),
      gate.client.checkBytes(Buffer.from('text')),
      ask('garbage'),
      ask(await issuer.token({ scope: 'other' })),
      ask(await issuer.token({ exp: 1 })),
    ])
    for (const answer of answers) {
      expect(answer.kind).toBe('denied')
      expect(linesOf(answer)).toEqual([
        expect.objectContaining({
          decision: answer.metadata['decision'],
          reason: answer.metadata['reason'],
        }),
      ])
    }
    expect(new Set(answers.map(({ metadata }) => metadata['reason'])).size).toBe(6)
  })

  it('that allows is no line of the log', async () => {
    const answer = await ask(await issuer.token())
    expect(answer.kind).toBe('ok')
    expect(linesOf(answer)).toEqual([])
  })

  it('is counted with the labels of its metadata', async () => {
    const labels = { decision: 'deny', reason: 'insufficient_scope', route: 'users-api/create' }
    const before = (await scrape()).all('scopegate_decisions_total', labels)
    expect(before).toEqual([])
    const headers = { authorization: `Bearer ${await issuer.token()}` }
    await gate.client.check({ method: 'POST', path: '/create', headers })
    await gate.client.check({ method: 'POST', path: '/create', headers })
    const all = await scrape()
    expect(
      all.value('scopegate_decisions_total', { ...labels, issuer: 'main', door: 'envoy' }),
    ).toBe(2)
  })

  it('of a token that was seen before is a hit of the cache', async () => {
    const token = await issuer.token()
    const before = await scrape()
    for (let i = 0; i < 3; i++) await ask(token)
    const after = await scrape()
    const gained = (name: string): number => after.value(name) - before.value(name)
    expect(gained('scopegate_token_cache_misses_total')).toBe(1)
    expect(gained('scopegate_token_cache_hits_total')).toBe(2)
    expect(gained('scopegate_token_cache_entries')).toBe(1)
  })
})

describe('the labels of the metrics', () => {
  it('are closed, whatever a client sends', async () => {
    const evil = 'evil"\n{}\\'
    await gate.client.check({ path: `/${evil}`, host: `${evil}.example.com`, method: evil })
    await gate.client.check({ path: '/evil', host: 'evil.example.com', method: 'EVIL' })
    await gate.client.check({ contextExtensions: { 'scopegate.route': evil } })
    await gate.client.check({ headers: { 'x-request-id': evil, accept: evil } })
    await ask(await issuer.token({ iss: 'https://evil.example.com', sub: evil, client_id: evil }))
    await ask(await issuer.token({ scope: evil, client_id: evil, azp: evil }, { kid: evil }))
    await ask(await issuer.token({}, { typ: evil }))
    await ask(await issuer.token({ sub: evil, client_id: evil }))

    const allowed: Readonly<Record<string, readonly string[]>> = {
      decision: ['allow', 'deny', 'error'],
      reason: ['none', ...reasons],
      route: ['none', ...['read', 'create', 'health', 'me'].map((id) => `users-api/${id}`)],
      issuer: ['none', 'main'],
      door: ['envoy'],
      result: ['success', 'failure'],
      cause: ['loop', 'queue'],
      header: ['x-auth-subject', 'x-auth-scope'],
    }
    const { samples } = await scrape()
    const own = samples.filter(({ name }) => name.startsWith('scopegate_'))
    expect(own.length).toBeGreaterThan(20)
    for (const { name, labels } of own) {
      for (const [label, value] of Object.entries(labels)) {
        if (['le', 'version', 'node'].includes(label)) continue
        expect(allowed[label], `${name} ${label}`).toContain(value)
      }
    }
    expect(await gate.metrics()).not.toContain('evil')
  })
})

describe('the key set of a gate', () => {
  it('is stale in the metrics through an outage, and ready all the same', async () => {
    const own = await startTestAuthorizationServer()
    const config = testConfig(own.issuer)
    const other = await startTestGate({
      ...config,
      issuers: [
        { id: 'main', issuer: own.issuer, keys: { discovery: true, refreshSeconds: 0.05 } },
      ],
    })
    const stale = async (): Promise<number> =>
      parsePrometheusText(await other.metrics()).value('scopegate_jwks_stale', { issuer: 'main' })
    expect(await stale()).toBe(0)
    own.answer('/jwks', (_request, response) => response.writeHead(503).end())
    await until(async () => (await stale()) === 1)
    const all = parsePrometheusText(await other.metrics())
    expect(all.value('scopegate_jwks_keys', { issuer: 'main' })).toBe(1)
    expect(
      all.value('scopegate_jwks_refresh_total', { issuer: 'main', result: 'failure' }),
    ).toBeGreaterThan(0)
    expect(await other.readyz()).toMatchObject({
      status: 200,
      body: {
        components: {
          'issuer:main': { ready: true, detail: expect.stringContaining('503') as string },
        },
      },
    })
    await other.close()
    await own.close()
  })
})
