/** Two gates that share revocations through a real redis-server, which is killed, stopped and started again. */
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parsePrometheusText } from '../support/prometheus-text.js'
import {
  component,
  reasonAt,
  revoke,
  startSharedRevocations,
  storeUp,
  type SharedRevocations,
} from '../support/shared-revocations.js'
import { until } from '../support/until.js'

const second = 1_000

let shared: SharedRevocations
beforeEach(async () => {
  shared = await startSharedRevocations()
})
afterEach(async () => {
  await shared.close()
})

describe('two gates with one Redis', () => {
  it.each([
    ['jti', { jti: 'j1' }],
    ['sub', { sub: 'carol' }],
    ['clientId', { client_id: 'other-app' }],
    ['sid', { sid: 's1' }],
  ])('refuse by %s within a second what one of them was told', async (kind, claims) => {
    const [one, two] = [await shared.startGate(), await shared.startGate()]
    const token = await shared.issuer.token(claims)
    const bystander = await shared.issuer.token()
    expect(await reasonAt(two, token)).toBe('none') // So that it is in the cache.
    const [value] = Object.values(claims)
    expect(await revoke(one, { [kind]: value })).toMatchObject({
      status: 201,
      body: { issuer: 'main', [kind]: value, replicas: 'all' },
    })
    expect(await reasonAt(one, token)).toBe('revoked')
    await until(async () => (await reasonAt(two, token)) === 'revoked', 'the push', second)
    expect(await reasonAt(two, bystander)).toBe('none')
    const iat = Math.floor(Date.now() / 1_000) - 900
    expect(await reasonAt(two, await shared.issuer.token({ ...claims, iat, exp: iat + 60 }))).toBe(
      'expired',
    )
  })

  it('refuse every token of a key, and of a subject those of before', async () => {
    const [one, two] = [await shared.startGate(), await shared.startGate()]
    const now = Math.floor(Date.now() / 1_000)
    const old = await shared.issuer.token({ iat: now - 60 })
    const young = await shared.issuer.token({ iat: now })
    await revoke(one, { sub: 'alice', issuedBefore: now - 1 })
    await until(async () => (await reasonAt(two, old)) === 'revoked', 'the push', second)
    expect(await reasonAt(two, young)).toBe('none')
    await revoke(one, { kid: shared.issuer.keys[0]?.jwk.kid })
    await until(async () => (await reasonAt(two, young)) === 'revoked', 'the push', second)
  })

  it('know after a restart what was revoked before', async () => {
    const one = await shared.startGate()
    const token = await shared.issuer.token()
    await revoke(one, { sub: 'alice' })
    const restarted = await shared.startGate({}, {}, false)
    // From the first answer on: the doors open after the list was read.
    expect(['revoked', 'keys_unavailable']).toContain(await reasonAt(restarted, token))
    await until(async () => (await reasonAt(restarted, token)) !== 'keys_unavailable')
    expect(await reasonAt(restarted, token)).toBe('revoked')
  })

  it('keep nothing in Redis for longer than it is in force', async () => {
    const one = await shared.startGate()
    await revoke(one, { sub: 'alice', ttlSeconds: 60 })
    const client = new Redis(shared.redis.port, '127.0.0.1')
    const keys = await client.keys('*')
    expect(keys).toHaveLength(1)
    expect(keys[0]).toMatch(/^scopegate:revocation:entry:[0-9a-f]{64}$/)
    const ttl = await client.ttl(keys[0] ?? '')
    client.disconnect()
    // A minute, and the clock tolerance of half a minute.
    expect(ttl).toBeGreaterThan(80)
    expect(ttl).toBeLessThanOrEqual(90)
  })

  it('read 10,000 entries at their start', async () => {
    const client = new Redis(shared.redis.port, '127.0.0.1')
    const pipeline = client.pipeline()
    const end = new Date(Date.now() + 600_000).toISOString()
    for (let i = 0; i < 10_000; i++) {
      const text = JSON.stringify({
        issuer: shared.issuer.issuer,
        jti: `jti-${String(i)}`,
        until: end,
      })
      pipeline.set(`scopegate:revocation:entry:${String(i)}`, text, 'PX', 600_000)
    }
    await pipeline.exec()
    client.disconnect()
    const gate = await shared.startGate()
    const metrics = parsePrometheusText(await gate.metrics())
    expect(metrics.value('scopegate_revocations_entries', { kind: 'jti' })).toBe(10_000)
    expect(await reasonAt(gate, await shared.issuer.token({ jti: 'jti-9999' }))).toBe('revoked')
    expect(await reasonAt(gate, await shared.issuer.token({ jti: 'jti-10000' }))).toBe('none')
  })
})

describe('a Redis that goes away', () => {
  it('changes nothing with onStoreLoss serve, and is there again within seconds', async () => {
    const [one, two] = [await shared.startGate(), await shared.startGate()]
    const [revoked, good] = [
      await shared.issuer.token({ sub: 'carol' }),
      await shared.issuer.token(),
    ]
    await revoke(one, { sub: 'carol' })
    await shared.redis.kill()
    await until(async () => (await storeUp(one)) === 0)
    expect(await reasonAt(one, revoked)).toBe('revoked')
    expect(await reasonAt(one, good)).toBe('none')
    expect(await component(one)).toMatchObject({
      ready: true,
      detail: expect.stringMatching(/^store: .*; the last known list serves$/) as string,
    })
    expect(await revoke(one, { sub: 'alice' })).toMatchObject({
      status: 503,
      body: { message: expect.stringMatching(/^in force in this replica only/) as string },
    })
    expect(await reasonAt(one, good)).toBe('revoked')
    expect(await reasonAt(two, good)).toBe('none')

    await shared.redis.start()
    await until(async () => (await storeUp(one)) === 1 && (await storeUp(two)) === 1)
    expect(await component(one)).toEqual({ ready: true })
    expect(await reasonAt(one, revoked)).toBe('revoked') // Gone from Redis, in force here.
    expect(await revoke(one, { sub: 'alice' })).toMatchObject({ status: 201 })
    await until(async () => (await reasonAt(two, good)) === 'revoked', 'the push', second)
  })

  it('is told by what came while it was away, once it is back', async () => {
    const one = await shared.startGate()
    const token = await shared.issuer.token()
    await shared.redis.kill()
    await until(async () => (await storeUp(one)) === 0)
    await shared.redis.start()
    const other = await shared.startGate() // Starts at once, whatever the first one is waiting for.
    await revoke(other, { sub: 'alice' })
    await until(async () => (await reasonAt(one, token)) === 'revoked')
  })

  it('may cut the connection for news alone: they are read when it is back', async () => {
    const [one, two] = [await shared.startGate(), await shared.startGate()]
    const token = await shared.issuer.token()
    const client = new Redis(shared.redis.port, '127.0.0.1')
    expect(await client.client('KILL', 'TYPE', 'pubsub')).toBe(2)
    client.disconnect()
    expect(await revoke(one, { sub: 'alice' })).toMatchObject({ status: 201 })
    await until(async () => (await reasonAt(two, token)) === 'revoked', 'the reading', 2 * second)
  })

  it('is noticed also when it only falls silent', async () => {
    const one = await shared.startGate()
    shared.redis.signal('SIGSTOP')
    await until(async () => (await storeUp(one)) === 0)
    expect(await revoke(one, { sub: 'alice' })).toMatchObject({ status: 503 })
    shared.redis.signal('SIGCONT')
    await until(async () => (await storeUp(one)) === 1)
  })

  it('refuses every token with onStoreLoss deny, after the time that is given', async () => {
    const gate = await shared.startGate({ onStoreLoss: 'deny', maxAwaySeconds: 0.5 })
    const token = await shared.issuer.token()
    expect(await reasonAt(gate, token)).toBe('none')
    await shared.redis.kill()
    await until(async () => (await reasonAt(gate, token)) === 'revocation_unavailable')
    const { status, body } = await gate.readyz()
    expect([status, body.components['revocation']]).toEqual([
      503,
      {
        ready: false,
        detail: expect.stringMatching(/^store: .*; every token is refused$/) as string,
      },
    ])
    await shared.redis.start()
    await until(async () => (await reasonAt(gate, token)) === 'none')
    expect((await gate.readyz()).status).toBe(200)
  })

  it('does not keep a gate from starting', async () => {
    await shared.redis.kill()
    const serving = await shared.startGate()
    const denying = await shared.startGate({ onStoreLoss: 'deny' }, {}, false)
    const token = await shared.issuer.token()
    expect(await reasonAt(serving, token)).toBe('none')
    await until(async () => (await reasonAt(denying, token)) === 'revocation_unavailable')
    expect((await denying.readyz()).status).toBe(503)
    await shared.redis.start()
    await until(async () => (await storeUp(serving)) === 1)
    await until(async () => (await reasonAt(denying, token)) === 'none')
  })
})
