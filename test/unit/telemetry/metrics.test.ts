/** The names that dashboards and alerts are built on, and what is counted under them. */
import { beforeEach, describe, expect, it } from 'vitest'
import { reasons } from '../../../src/check/index.js'
import { IssuerKeyState } from '../../../src/jwks/issuer-key-state.js'
import { VerificationKey } from '../../../src/jwks/verification-key.js'
import { Metrics, type MetricSources } from '../../../src/telemetry/metrics.js'
import { testAllow, testEvent, testRefusal } from '../../support/decisions.js'
import { parsePrometheusText, type Scrape } from '../../support/prometheus-text.js'
import { promised } from '../../support/promised-metrics.js'

let nowMs: number
let issuer: IssuerKeyState
let counts: { hits: number; misses: number; evictions: number }
let isStoreUp: boolean | undefined
let metrics: Metrics
let sources: MetricSources

beforeEach(() => {
  nowMs = 1_000
  issuer = new IssuerKeyState({
    id: 'main',
    issuer: 'https://issuer.example.com',
    source: { kind: 'discovery', issuer: 'https://issuer.example.com' },
    refreshMs: 1,
    maxStaleMs: 1,
    cooldownMs: 1,
    timeoutMs: 1,
    allowInsecure: false,
  })
  counts = { hits: 0, misses: 0, evictions: 0 }
  isStoreUp = true
  sources = {
    version: '1.2.3',
    keyStates: () => [issuer],
    introspections: () => [
      {
        options: {
          issuerId: 'main',
          issuer: 'https://issuer.example.com',
          endpoint: undefined,
          authentication: { method: 'client_secret_basic' },
          requiresSignature: false,
          tokenCheck: 'jwt',
        },
        circuit: 'closed',
        lastFault: undefined,
      },
    ],
    tokenCache: () => ({ counts, size: 7 }),
    monotonicMs: () => nowMs,
    configLoadedAtMs: 1_700_000_000_000,
    overload: { shed: { loop: 3, queue: 4 }, loopDelayMs: () => 250, waiting: () => 5 },
    revocation: {
      counts: () => ({ jti: 1, sub: 2, clientId: 3, sid: 4, kid: 5 }),
      get isStoreUp() {
        return isStoreUp
      },
    },
  }
  metrics = new Metrics(sources)
})

async function scrape(): Promise<Scrape> {
  return parsePrometheusText(await metrics.registry.metrics())
}

function load(keys: number): void {
  const key = (): VerificationKey => new VerificationKey({ kty: 'EC' }, crypto.randomUUID())
  issuer.loaded(
    { keys: Array.from({ length: keys }, key), refusedKeys: 2, isKeepable: true },
    { atMs: nowMs },
  )
}

/** Causes at least one sample of every metric. */
function cause(): void {
  load(3)
  metrics.decided(testEvent(testRefusal('expired')))
  metrics.decided(
    testEvent({ ...testAllow(), identityHeaders: { headers: [], dropped: ['x-auth-subject'] } }),
  )
  metrics.refreshed('main', undefined)
  metrics.refreshed('main', 'the issuer is down')
  metrics.snapshot('main', 'written')
  metrics.failed()
  metrics.introspected('main', 'active', 0.01)
  metrics.revocation('redis', 'taken')
}

describe('the metrics', () => {
  it('have the promised names, types and labels, and no others', async () => {
    cause()
    const { types, samples } = await scrape()
    const own = [...types].filter(([name]) => name.startsWith('scopegate_'))
    const found = own.map(([name, type]) => {
      const suffix = type === 'histogram' ? '_count' : ''
      const labels = samples
        .filter((sample) => sample.name === `${name}${suffix}`)
        .map((sample) => Object.keys(sample.labels).sort().join())
      expect(new Set(labels).size, name).toBe(1)
      return [name, [type, ...(labels[0] ?? '').split(',').filter((label) => label !== '')]]
    })
    expect(Object.fromEntries(found)).toEqual(promised)
  })

  it('tell of the process what every Node process tells', async () => {
    const { types } = await scrape()
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'process_start_time_seconds',
      'process_open_fds',
      'nodejs_eventloop_lag_seconds',
      'nodejs_heap_size_used_bytes',
      'nodejs_gc_duration_seconds',
    ]) {
      expect(types.has(name), name).toBe(true)
    }
  })

  it('say what runs, and since when with which configuration', async () => {
    const all = await scrape()
    expect(all.value('scopegate_build_info', { version: '1.2.3', node: process.version })).toBe(1)
    expect(all.value('scopegate_config_last_success_timestamp_seconds')).toBe(1_700_000_000)
  })
})

describe('decisions', () => {
  it('are counted by everything that is known of them', async () => {
    for (let i = 0; i < 3; i++) metrics.decided(testEvent(testAllow()))
    metrics.decided(testEvent(testAllow(null)))
    metrics.decided(testEvent(testRefusal('expired')))
    metrics.decided(testEvent(testRefusal('keys_unavailable')))
    const all = await scrape()
    const total = (labels: Record<string, string>): number =>
      all.value('scopegate_decisions_total', { door: 'envoy', ...labels })
    const route = 'users-api/read'
    expect(total({ decision: 'allow', reason: 'none', route, issuer: 'main' })).toBe(3)
    expect(total({ decision: 'allow', reason: 'none', route, issuer: 'none' })).toBe(1)
    expect(total({ decision: 'deny', reason: 'expired', route, issuer: 'main' })).toBe(1)
    expect(total({ decision: 'error', reason: 'keys_unavailable', route, issuer: 'main' })).toBe(1)
  })

  it('are counted under every reason', async () => {
    for (const reason of reasons) metrics.decided(testEvent(testRefusal(reason)))
    const samples = (await scrape()).all('scopegate_decisions_total')
    expect(samples.map(({ labels }) => labels['reason']).sort()).toEqual([...reasons].sort())
  })

  it('keep their counts from one scrape to the next', async () => {
    metrics.decided(testEvent(testAllow()))
    await scrape()
    metrics.decided(testEvent(testAllow()))
    expect((await scrape()).value('scopegate_decisions_total')).toBe(2)
  })

  it('are timed from 25 microseconds on, in buckets that add up', async () => {
    const durations = [0.02, 0.03, 0.25, 3, 40, 5_000]
    for (const durationMs of durations) {
      metrics.decided(testEvent(testAllow(), { durationMs }))
    }
    const all = await scrape()
    const buckets = all.all('scopegate_decision_duration_seconds_bucket', { door: 'envoy' })
    expect(buckets[0]?.labels['le']).toBe('0.000025')
    expect(buckets.at(-1)?.labels['le']).toBe('+Inf')
    const bounds = buckets.map(({ labels }) =>
      labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le']),
    )
    expect(bounds).toEqual([...bounds].sort((a, b) => a - b))
    for (const [index, { value }] of buckets.entries()) {
      const bound = bounds[index] ?? 0
      expect(value).toBe(durations.filter((ms) => ms / 1_000 <= bound).length)
    }
    expect(all.value('scopegate_decision_duration_seconds_count')).toBe(6)
    expect(all.value('scopegate_decision_duration_seconds_sum')).toBeCloseTo(5.0433, 6)
  })

  it('tell which identity headers could not be sent', async () => {
    const identityHeaders = { headers: [], dropped: ['x-auth-subject', 'x-auth-scope'] }
    metrics.decided(testEvent({ ...testAllow(), identityHeaders }))
    metrics.decided(testEvent({ ...testAllow(), identityHeaders }))
    const all = await scrape()
    expect(all.value('scopegate_identity_headers_dropped_total', { header: 'x-auth-scope' })).toBe(
      2,
    )
  })
})

describe('the key set of an issuer', () => {
  it('has no keys and no age before it is loaded', async () => {
    const all = await scrape()
    expect(all.value('scopegate_jwks_keys', { issuer: 'main' })).toBe(0)
    expect(all.value('scopegate_jwks_stale', { issuer: 'main' })).toBe(0)
    expect(all.all('scopegate_jwks_age_seconds')).toEqual([])
  })

  it('has its keys, its refused keys and its age', async () => {
    load(3)
    nowMs += 2_500
    const all = await scrape()
    expect(all.value('scopegate_jwks_keys', { issuer: 'main' })).toBe(3)
    expect(all.value('scopegate_jwks_refused_keys', { issuer: 'main' })).toBe(2)
    expect(all.value('scopegate_jwks_age_seconds', { issuer: 'main' })).toBe(2.5)
  })

  it('is stale from a failed refresh to the next good one', async () => {
    load(1)
    issuer.failed('the issuer is down')
    expect((await scrape()).value('scopegate_jwks_stale', { issuer: 'main' })).toBe(1)
    load(1)
    expect((await scrape()).value('scopegate_jwks_stale', { issuer: 'main' })).toBe(0)
  })

  it('has its refreshes counted by result', async () => {
    for (const fault of [undefined, undefined, 'the issuer is down']) {
      metrics.refreshed('main', fault)
    }
    const all = await scrape()
    const total = (result: string): number =>
      all.value('scopegate_jwks_refresh_total', { issuer: 'main', result })
    expect([total('success'), total('failure')]).toEqual([2, 1])
  })
})

describe('the token cache', () => {
  it('has its counts and its size', async () => {
    Object.assign(counts, { hits: 5, misses: 3, evictions: 1 })
    await scrape()
    counts.hits += 1
    const all = await scrape()
    expect(all.value('scopegate_token_cache_hits_total')).toBe(6)
    expect(all.value('scopegate_token_cache_misses_total')).toBe(3)
    expect(all.value('scopegate_token_cache_evictions_total')).toBe(1)
    expect(all.value('scopegate_token_cache_entries')).toBe(7)
  })
})

describe('faults', () => {
  it('are counted', async () => {
    expect((await scrape()).value('scopegate_internal_errors_total')).toBe(0)
    metrics.failed()
    metrics.introspected('main', 'active', 0.01)
    expect((await scrape()).value('scopegate_internal_errors_total')).toBe(1)
  })
})

describe('revocation', () => {
  it('tells what is in force by kind, and whether the store is there', async () => {
    const kinds = async (): Promise<number[]> =>
      (await scrape()).all('scopegate_revocations_entries').map(({ value }) => value)
    expect(await kinds()).toEqual([1, 2, 3, 4, 5])
    expect((await scrape()).value('scopegate_revocation_store_up')).toBe(1)
    isStoreUp = false
    expect((await scrape()).value('scopegate_revocation_store_up')).toBe(0)
  })

  it('counts what happened by source and result', async () => {
    metrics.revocation('api', 'taken')
    metrics.revocation('api', 'taken')
    const labels = { source: 'api', result: 'taken' }
    expect((await scrape()).value('scopegate_revocation_events_total', labels)).toBe(2)
  })

  it('has no store to tell of where there is none, and nothing at all where it is off', async () => {
    isStoreUp = undefined
    metrics = new Metrics(sources)
    expect((await scrape()).types.has('scopegate_revocation_store_up')).toBe(false)
    metrics = new Metrics({ ...sources, revocation: undefined })
    metrics.revocation('api', 'taken')
    expect([...(await scrape()).types.keys()].filter((name) => name.includes('revoc'))).toEqual([])
  })
})

describe('overload', () => {
  it('tells what was refused for it, and what it is told by', async () => {
    const all = await scrape()
    expect(all.value('scopegate_shed_total', { cause: 'loop' })).toBe(3)
    expect(all.value('scopegate_shed_total', { cause: 'queue' })).toBe(4)
    expect(all.value('scopegate_verifications_waiting')).toBe(5)
    expect(all.value('scopegate_loop_delay_seconds')).toBe(0.25)
  })
})
