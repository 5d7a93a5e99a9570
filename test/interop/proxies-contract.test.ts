/** The contract through every real proxy, run by the file that is shipped for it, with an upstream behind. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cases } from '../contract/cases.js'
import { throughProxy } from '../contract/proxy-differences.js'
import { createWorld, type World } from '../contract/worlds.js'
import { startEchoUpstream, type EchoUpstream } from '../support/echo-upstream.js'
import { startGateSwitch, type GateSwitch } from '../support/gate-switch.js'
import { proxyKinds } from '../support/proxies/index.js'
import type { RunningProxy } from '../support/proxies/proxy.js'
import { rawRequest, sendRaw } from '../support/raw-http.js'

let contract: Awaited<ReturnType<typeof createWorld>>
beforeAll(async () => {
  contract = await createWorld()
})
afterAll(async () => {
  await contract.close()
})

// One gate after the other, so that connections are cut as rarely as possible.
const worlds: readonly (keyof World)[] = [
  'main',
  'keyless',
  'hanging',
  'crowded',
  'unsure',
  'broken',
]
const rows = worlds.flatMap((world) =>
  cases.filter((row) => (row.world ?? 'main') === world && row.grpcOnly === undefined),
)

describe.each(proxyKinds.map((kind) => [kind.name, kind] as const))('through %s', (_, kind) => {
  let upstream: EchoUpstream
  let http: GateSwitch
  let grpc: GateSwitch
  let proxy: RunningProxy
  beforeAll(async () => {
    upstream = await startEchoUpstream()
    http = await startGateSwitch(contract.world.main.httpPort)
    grpc = await startGateSwitch(contract.world.main.grpcPort)
    const ports = { gatePort: http.port, grpcPort: grpc.port, upstreamPort: upstream.port }
    proxy = await kind.start(ports)
  })
  afterAll(async () => {
    await proxy.stop()
    await Promise.all([http.close(), grpc.close(), upstream.close()])
  })

  it.each(rows)('$name ($reason)', async (row) => {
    const gate = contract.world[row.world ?? 'main']
    http.pointTo(gate.httpPort)
    grpc.pointTo(gate.grpcPort)
    const asked = await row.request(contract.issuer)
    const { method = 'GET', path = '/', host = 'api.example.com', headers = {} } = asked
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    upstream.requests.splice(0)
    const request = rawRequest(`${method} ${path} HTTP/1.1`, `host: ${host}`, ...lines)
    const answer = await sendRaw(proxy.port, request)

    const expected = throughProxy(kind.door, row)
    expect([expected.status].flat()).toContain(answer.status)
    if (row.upstream === undefined) {
      expect(upstream.requests).toEqual([])
      if (expected.isTheProxysOwn === true) return
      expect(answer.headers['www-authenticate']).toEqual(expected.challenge && [expected.challenge])
      expect(answer.headers['retry-after']).toEqual(expected.retryAfter && [expected.retryAfter])
      return
    }
    expect(upstream.requests).toMatchObject([{ method, target: path }])
    for (const name of ['x-auth-subject', 'x-auth-scope', 'x-auth-client']) {
      const value = row.upstream[name]
      expect(upstream.lastIdentity(name)).toEqual(value === undefined ? [] : [value])
    }
  })
})
