/**
 * A real Prometheus with the shipped files takes what real gates say, and every metric that an alert asks for is
 * there; promtool, which knows nothing of us, judges files, metrics and when alerts fire.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { rulesFile, selectorsIn, shippedRules, type AlertRule } from '../support/alert-rules.js'
import { startTestAuthorizationServer } from '../support/authorization-server.js'
import { startPrometheus, type PrometheusServer } from '../support/prometheus-server.js'
import { startRedisServer } from '../support/redis-server.js'
import { startServeProcess, type ServeProcess } from '../support/serve-process.js'
import { startTestGate, testConfig, type TestGate } from '../support/test-gate.js'
import { until } from '../support/until.js'

const vectors = 'test/vectors/prometheus/alerts.test.yaml'
const rules = shippedRules().groups.flatMap((group) => group.rules)

function promtool(args: readonly string[], input = ''): { code: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  if (error !== undefined) throw error
  return { code: status, output: stdout + stderr }
}

describe('promtool', () => {
  it('finds nothing in the configuration and in the rules', () => {
    const file = 'deploy/prometheus/prometheus.yaml'
    expect(promtool(['check', 'config', '--lint-fatal', file])).toMatchObject({ code: 0 })
    expect(promtool(['check', 'rules', '--lint-fatal', rulesFile])).toMatchObject({ code: 0 })
  })

  it('sees each alert fire when it should, and not when it should not', () => {
    const { code, output } = promtool(['test', 'rules', vectors])
    expect(output).not.toContain('FAILED')
    expect(code).toBe(0)
  })

  it.each([
    ['never fires', 'vector(0) > 1'],
    ['always fires', 'vector(1)'],
  ])('would see that an alert %s', (_, expr) => {
    const output = testRules((rule) => ({ ...rule, expr }))
    const unseen = rules.filter(({ alert }) => !output.includes(`alertname: ${alert},`))
    expect(unseen.map(({ alert }) => alert)).toEqual([])
  })
})

/** What promtool says to the cases when every rule was changed. */
function testRules(change: (rule: AlertRule) => AlertRule): string {
  const top = mkdtempSync(join(tmpdir(), 'scopegate-rules-'))
  for (const file of [rulesFile, vectors]) mkdirSync(join(top, file, '..'), { recursive: true })
  cpSync(vectors, join(top, vectors))
  const groups = shippedRules().groups.map((group) => ({
    ...group,
    rules: group.rules.map(change),
  }))
  writeFileSync(join(top, rulesFile), stringify({ groups }))
  const { code, output } = promtool(['test', 'rules', join(top, vectors)])
  rmSync(top, { recursive: true })
  expect(code).toBe(1)
  return output
}

describe('a real Prometheus with the shipped configuration', () => {
  const cleanups: (() => Promise<void>)[] = []
  let gate: TestGate
  /** A gate of several processes, which says more than one of one. */
  let workers: ServeProcess
  let prometheus: PrometheusServer
  beforeAll(async () => {
    const issuer = await startTestAuthorizationServer()
    cleanups.push(async () => {
      await issuer.close()
    })
    const away = await startTestAuthorizationServer()
    const lost = await away.token()
    await away.close()
    const redis = await startRedisServer()
    cleanups.push(redis.close)
    const config = testConfig(issuer, {
      issuers: [
        { id: 'main', issuer: issuer.issuer },
        { id: 'away', issuer: away.issuer },
      ],
      revocation: { redis: { url: `redis://127.0.0.1:${String(redis.port)}` } },
    })
    gate = await startTestGate(config, { awaitReady: false })
    cleanups.push(async () => {
      await gate.close()
    })
    // One decision of each kind: allow, deny, error.
    const good = await issuer.token()
    const ask = async (token: string): Promise<string> =>
      (
        await gate.client.check({
          path: '/read',
          headers: { authorization: `Bearer ${token}` },
        })
      ).kind
    await until(async () => (await ask(good)) === 'ok', 'an allow')
    expect(await ask('none')).toBe('denied')
    expect(await ask(lost)).toBe('denied')
    await until(
      async () => (await gate.metrics()).includes('issuer="away",result="failure"'),
      'a failed refresh',
    )
    workers = await startServeProcess(testConfig(issuer), undefined, ['--workers', '2'])
    cleanups.push(workers.close)
    prometheus = await startPrometheus([gate.addresses.admin, workers.addresses.admin])
    cleanups.push(prometheus.close)
    await until(
      async () => (await query('up{job="scopegate"} == 1')).length === 2,
      'a scrape of both',
      30_000,
    )
  })
  afterAll(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })

  async function query(expr: string): Promise<unknown[]> {
    const { result } = (await prometheus.api('query', { query: expr })) as { result: unknown[] }
    return result
  }

  it('scrapes without an error or a warning', async () => {
    const { activeTargets } = (await prometheus.api('targets')) as {
      activeTargets: { health: string; lastError: string; labels: Record<string, string> }[]
    }
    const good = { health: 'up', lastError: '', labels: { job: 'scopegate' } }
    expect(activeTargets).toMatchObject([good, good])
    expect(prometheus.log().match(/^.*level=(?:warn|error).*$/gm)).toBe(null)
  })

  it.each(rules)('has everything that $alert asks for', async ({ expr }) => {
    for (const selector of selectorsIn(expr)) {
      expect(await query(selector), selector).not.toEqual([])
    }
  })

  it('evaluates every rule without an error', async () => {
    await until(async () => {
      const { groups } = (await prometheus.api('rules')) as {
        groups: { rules: { health: string; lastError?: string }[] }[]
      }
      const seen = groups.flatMap((group) => group.rules)
      expect(seen).toHaveLength(rules.length)
      expect(seen.filter(({ health }) => health === 'err')).toEqual([])
      return seen.every(({ health }) => health === 'ok')
    }, 'an evaluation')
  })

  it('knows every metric that docs/operations.md has', async () => {
    const table = readFileSync('docs/operations.md', 'utf8').match(/^\| `scopegate.*$/gm) ?? []
    const known = new Set((await prometheus.api('label/__name__/values')) as string[])
    const text = (await gate.metrics()) + (await metricsOf(workers))
    const missing = table
      .flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)])
      .flatMap(([, name = '']) => spelledOut(name))
      // A counter with labels that has counted nothing has no sample, but a type.
      .filter((name) => !known.has(name) && !known.has(`${name}_count`))
      .filter((name) => !text.includes(`# TYPE ${name} `))
    expect(table.length).toBeGreaterThan(10)
    expect(missing).toEqual([])
  })

  it('gets metrics that promtool finds no fault with', async () => {
    for (const text of [await gate.metrics(), await metricsOf(workers)]) {
      expect(text).toContain('scopegate_decision_duration_seconds')
      const { output } = promtool(['check', 'metrics'], text)
      expect(output.split('\n').filter((line) => line.startsWith('scopegate'))).toEqual([])
    }
  })
})

async function metricsOf({ addresses }: ServeProcess): Promise<string> {
  return await (await fetch(`http://${addresses.admin}/metrics`)).text()
}

/** `a_{b,c}_total{label}` is `a_b_total` and `a_c_total`. */
function spelledOut(name: string): string[] {
  const [, before = '', choices, after = ''] = /^(\w+)\{([\w,]+)\}(_\w+)$/.exec(name) ?? []
  if (choices === undefined) return [name.replace(/\{.*$/, '')]
  return choices.split(',').map((choice) => `${before}${choice}${after}`)
}
