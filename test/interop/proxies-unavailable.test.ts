/**
 * No answer is never an allow: every proxy that asks over HTTP, and at the port of Scopegate somebody who is silent,
 * breaks off, talks nonsense, or says almost what an allow says. Envoy over gRPC: envoy-unavailable.test.ts.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Door } from '../../src/check/index.js'
import { startEchoUpstream, type EchoUpstream } from '../support/echo-upstream.js'
import { proxyKinds } from '../support/proxies/index.js'
import type { RunningProxy } from '../support/proxies/proxy.js'
import { allow, faults, startByteGate, type ByteGate } from '../support/proxy-peers.js'
import { apiHost, rawRequest, sendRaw } from '../support/raw-http.js'

const request = rawRequest('GET /read HTTP/1.1', apiHost)
const kinds = proxyKinds.filter(({ door }) => door !== 'envoy')

/** Envoy's HTTP mode looks at the status alone: it cannot tell another server's 200 from Scopegate's. */
function canTell(door: Door, fault: string): boolean {
  return door !== 'envoy-http' || fault !== '200 of another server'
}

/** Whether a client may get this status for a question without an allow. */
function isRefusal(door: Door, fault: string, status: number): boolean {
  switch (door) {
    case 'nginx':
      return status === 503
    case 'haproxy':
      return status === (fault === '500' ? 500 : 503) // A 500 with an id is Scopegate's own.
    case 'envoy-http':
      return status !== 200 && status !== 0 // It relays a 204 or a 302 as a refusal with that status.
    default:
      return status >= 500 || status === 100
  }
}

describe.each(kinds.map((kind) => [kind.name, kind] as const))('through %s', (_, kind) => {
  let gate: ByteGate
  let upstream: EchoUpstream
  let proxy: RunningProxy
  beforeAll(async () => {
    gate = await startByteGate()
    upstream = await startEchoUpstream()
    proxy = await kind.start({ gatePort: gate.port, upstreamPort: upstream.port })
  })
  beforeEach(() => {
    gate.reply = allow
    upstream.reached.splice(0)
  })
  afterAll(async () => {
    await proxy.stop()
    await Promise.all([gate.close(), upstream.close()])
  })

  it.each(faults.filter(([name]) => canTell(kind.door, name)))(
    'nobody gets in with %s, and the next one does with an allow',
    async (name, reply) => {
      gate.reply = reply
      const startedAt = performance.now()
      const { status } = await sendRaw(proxy.port, request)
      expect(performance.now() - startedAt).toBeLessThan(8_000)
      expect(upstream.reached).toEqual([])
      expect(status).toSatisfy((code: number) => isRefusal(kind.door, name, code))
      gate.reply = allow
      expect((await sendRaw(proxy.port, request)).status).toBe(200)
    },
  )

  it('nobody gets in without a gate, and everybody again when it is back', async () => {
    await gate.close()
    const startedAt = performance.now()
    expect((await sendRaw(proxy.port, request)).status).toBeGreaterThanOrEqual(502)
    expect(performance.now() - startedAt).toBeLessThan(8_000)
    expect(upstream.reached).toEqual([])
    gate = await startByteGate(gate.port)
    expect((await sendRaw(proxy.port, request)).status).toBe(200)
  })
})
