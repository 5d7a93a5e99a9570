/** An endpoint in trouble, through a whole gate: never an allow, never a word about the token, and nobody else is harmed. */
import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { sendJson } from '../../support/authorization-server.js'
import {
  endpoint,
  gate,
  issuer,
  reasonOf,
  setUp,
  start,
} from '../../support/introspection-world.js'
import { until } from '../../support/until.js'

setUp()

describe('an endpoint in trouble', () => {
  const json = { 'content-type': 'application/json' }
  it.each<[string, (response: ServerResponse) => void]>([
    ['status 500', (response) => response.writeHead(500, json).end('{"active":true}')],
    ['status 401', (response) => response.writeHead(401, json).end('{"active":true}')],
    ['status 400', (response) => response.writeHead(400, json).end('{"active":false}')],
    ['status 204', (response) => response.writeHead(204).end()],
    ['a redirect', (response) => response.writeHead(307, { location: endpoint.url }).end()],
    ['HTML', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('{}')],
    ['no content type', (response) => response.writeHead(200).end('{"active":true}')],
    ['no JSON', (response) => response.writeHead(200, json).end('{"active":true')],
    ['a list', (response) => response.writeHead(200, json).end('[{"active":true}]')],
    [
      'active twice',
      (response) => response.writeHead(200, json).end('{"active":false,"active":true}'),
    ],
    ['bad UTF-8', (response) => response.writeHead(200, json).end(Buffer.from([0x7b, 0xff, 0x7d]))],
    ['a large body', (response) => response.writeHead(200, json).end(' '.repeat(70_000) + '{}')],
    ['no answer', () => undefined],
    ['a slow body', (response) => response.writeHead(200, json).write('{')],
    ['a cut connection', (response) => response.destroy()],
  ])('%s: 503, and nothing about the token', async (_name, answer) => {
    endpoint.answer = answer
    await start()
    expect(await reasonOf('opaque-token-of-a-client')).toBe('introspection_unavailable')
    const { body } = await gate!.readyz()
    expect(body.ready).toBe(true)
    expect(body.components['introspection:main']?.detail).toBeTruthy()
    const line = gate!.log.find(({ msg }) => msg === 'introspection failed')
    expect(line).toMatchObject({ issuer: 'main', level: 'warn' })
    expect(JSON.stringify([gate!.log, body])).not.toMatch(/opaque-token-of-a-client|not.a.secret/)
    endpoint.answer = (response) => {
      sendJson(response, endpoint.members)
    }
    expect(await reasonOf('opaque-token-of-a-client')).toBe('none')
  })

  it('is left in peace after five faults, and nobody waits for it', async () => {
    endpoint.answer = (response) => response.writeHead(500).end()
    await start()
    for (let i = 0; i < 9; i++) {
      expect(await reasonOf(`opaque-${String(i)}`)).toBe('introspection_unavailable')
    }
    expect(endpoint.asked).toHaveLength(5)
    expect(await reasonOf(await issuer.token())).toBe('none')
    const metrics = await gate!.metrics()
    expect(metrics).toContain('scopegate_introspection_circuit{issuer="main"} 2')
    expect(metrics).toContain(
      'scopegate_introspection_requests_total{issuer="main",result="failed"} 5',
    )
    expect(metrics).toContain(
      'scopegate_introspection_requests_total{issuer="main",result="circuit_open"} 4',
    )
    expect((await gate!.readyz()).body.components['introspection:main']?.detail).toMatch(
      /^suspended/,
    )
    const report = (await (
      await fetch(`http://${gate!.addresses.admin}/issuers`)
    ).json()) as object[]
    expect(report).toMatchObject([{ id: 'main', introspection: { circuit: 'open' } }])
  })

  it('fills its own room, and no other', async () => {
    endpoint.answer = () => undefined
    await start(
      { maxWaitingChecks: 3, timeoutSeconds: 20 },
      {},
      { limits: { decisionTimeoutMs: 30_000 } },
    )
    const waiting = [1, 2, 3].map((i) => reasonOf(`opaque-${String(i)}`).catch(() => undefined))
    await until(() => endpoint.asked.length === 3)
    expect(await reasonOf('opaque-4')).toBe('overloaded')
    expect(await reasonOf(await issuer.token())).toBe('none')
    endpoint.asked.length = 0
    await endpoint.close()
    await Promise.all(waiting)
  })

  it('is not flooded with made-up tokens, and known ones are asked about all the same', async () => {
    endpoint.answer = (response, { form }) => {
      sendJson(response, form.get('token') === 'good' ? endpoint.members : { active: false })
    }
    // So that a busy machine is never why one is refused.
    await start(
      { maxNewTokensPerSecond: 5, cacheSeconds: 0, timeoutSeconds: 20 },
      {},
      { limits: { decisionTimeoutMs: 20_000 } },
    )
    expect(await reasonOf('good')).toBe('none')
    const flood = await Promise.all(
      Array.from({ length: 100 }, (_, i) => reasonOf(`bad-${String(i)}`)),
    )
    const counts = (reason: string) => flood.filter((one) => one === reason).length
    expect(counts('inactive_token') + counts('overloaded')).toBe(100)
    expect(counts('overloaded')).toBeGreaterThan(50)
    expect(await reasonOf('good')).toBe('none')
  })
})
