/** The contract through the gRPC door, asked by a real gRPC client. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reasons } from '../../src/check/index.js'
import { cases } from './cases.js'
import { createWorld } from './worlds.js'

let contract: Awaited<ReturnType<typeof createWorld>>
beforeAll(async () => {
  contract = await createWorld()
})
afterAll(async () => {
  await contract.close()
})

describe('the contract through the Envoy door', () => {
  it.each(cases)('$name ($reason)', async (row) => {
    const { issuer, world } = contract
    const answer = await world[row.world ?? 'main'].client.check(await row.request(issuer))

    expect(answer.metadata['reason']).toBe(row.reason)
    expect(answer.code).toBe(row.statusCode)
    expect(answer.status).toBe(row.status)
    expect(answer.metadata['decision_id']).toMatch(/^[0-9a-f]{24}$/)
    if (row.upstream === undefined) {
      expect(answer.kind).toBe('denied')
      expect(answer.headers['www-authenticate']).toEqual(row.challenge && [row.challenge])
      expect(answer.headers['cache-control']).toEqual(['no-store'])
      expect(answer.headers['retry-after']).toEqual(row.retryAfter && [row.retryAfter])
    } else {
      expect(answer.kind).toBe('ok')
      const single = Object.entries(row.upstream).map(([name, value]) => [name, [value]])
      expect(answer.headers).toEqual(Object.fromEntries(single))
    }
  })

  it('gives every answer its own decision id, however many ask at once', async () => {
    const authorization = `Bearer ${await contract.issuer.token()}`
    const ask = () =>
      contract.world.main.client.check({ path: '/read', headers: { authorization } })
    const answers = await Promise.all(Array.from({ length: 200 }, ask))
    expect(answers.every((answer) => answer.kind === 'ok')).toBe(true)
    expect(new Set(answers.map((answer) => answer.metadata['decision_id'])).size).toBe(200)
  })

  it('has a case for every reason', () => {
    const httpOnly = 'untrusted_proxy' // in http-doors.test.ts: gRPC has mutual TLS for this
    const covered = new Set<string>([...cases.map((row) => row.reason), httpOnly])
    expect(reasons.filter((reason) => !covered.has(reason))).toEqual([])
  })
})
