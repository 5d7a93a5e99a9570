/** The contract through every HTTP door, asked as its proxy asks. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpDoors, httpQuestion } from '../support/http-question.js'
import { sendRaw } from '../support/raw-http.js'
import { cases } from './cases.js'
import type { ContractCase } from './contract-case.js'
import { statusAt } from './door-differences.js'
import { createWorld } from './worlds.js'

let contract: Awaited<ReturnType<typeof createWorld>>
beforeAll(async () => {
  contract = await createWorld()
})
afterAll(async () => {
  await contract.close()
})

/** What belongs to every answer or to the connection. */
const common = new Set([
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'keep-alive',
  'x-scopegate-decision-id',
])

describe.each(httpDoors)('the contract through the door %s', (door) => {
  const removeWith = { 'envoy-http': 'x-envoy-auth-headers-to-remove' } as Record<string, string>
  removeWith['haproxy'] = 'x-scopegate-remove-headers'

  function headersOf(row: ContractCase): Record<string, string[]> {
    if (row.upstream !== undefined) {
      const single = Object.entries(row.upstream).map(([name, value]) => [name, [value]])
      return Object.fromEntries(single) as Record<string, string[]>
    }
    return {
      ...(row.challenge === undefined ? {} : { 'www-authenticate': [row.challenge] }),
      ...(row.retryAfter === undefined ? {} : { 'retry-after': [row.retryAfter] }),
    }
  }

  it.each(cases.filter(({ grpcOnly }) => grpcOnly === undefined))(
    '$name ($reason)',
    async (row) => {
      const { issuer, world } = contract
      const attributes = await row.request(issuer)
      const { httpPort } = world[row.world ?? 'main']
      const answer = await sendRaw(httpPort, httpQuestion(door, attributes))

      expect(answer.status).toBe(statusAt(door, row))
      if (door === 'envoy-http' && attributes.method === 'get') return // Node refuses it before a decision.
      expect(answer.headers['cache-control']).toEqual(['no-store'])
      expect(answer.headers['x-scopegate-decision-id']).toEqual([
        expect.stringMatching(/^[0-9a-f]{24}$/),
      ])
      const { [removeWith[door] ?? '']: removed, ...own } = answer.headers
      const others = Object.entries(own).filter(([name]) => !common.has(name))
      expect(Object.fromEntries(others)).toEqual(headersOf(row))
      if (/nginx/.test(door)) expect(answer.body).toBe('') // auth_request would throw it away.
      if (row.upstream === undefined) {
        expect(removed).toBeUndefined()
        return
      }
      expect(answer.body).toBe('')
      if (row.world !== undefined || removeWith[door] === undefined) return
      const names = removed?.[0]?.split(',') ?? []
      const notSet = ['x-auth-subject', 'x-auth-scope'].filter((name) => !(name in row.upstream!))
      expect(names).toEqual(expect.arrayContaining([...notSet, 'x_auth-subject', 'x_auth_scope']))
      expect(names.filter((name) => name in row.upstream!)).toEqual([])
    },
  )
})
