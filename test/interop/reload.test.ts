/**
 * Another policy while requests come in, as operators do it: the ConfigMap changes under a gate behind a real Envoy. No check
 * is lost, the new policy is in force within seconds, and an edit that cannot be used changes nothing and is told.
 */
import { afterEach, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { startTestAuthorizationServer } from '../support/authorization-server.js'
import { mountConfigMap } from '../support/config-map-volume.js'
import { startEchoUpstream } from '../support/echo-upstream.js'
import { startEnvoy } from '../support/envoy.js'
import { startLoad } from '../support/load.js'
import { startServeProcessOn } from '../support/serve-process.js'
import { testConfig } from '../support/test-gate.js'
import { more } from '../support/two-gates.js'
import { until } from '../support/until.js'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Two looks a second apart, and as much again eight times for a machine that others use as well. */
const boundMs = 18_000

it('under load loses no check, counts within seconds, and changes nothing when it is broken', async () => {
  const issuer = await startTestAuthorizationServer()
  cleanups.push(async () => {
    await issuer.close()
  })
  const upstream = await startEchoUpstream()
  cleanups.push(upstream.close)
  const read = { id: 'read', path: '/read', scopes: ['read:users'] }
  const textWith = (...paths: readonly string[]): string => {
    const config = testConfig(issuer)
    const [resource] = config['resources'] as Record<string, unknown>[]
    const routes = paths.map((path) => ({ id: path, path: `/${path}`, access: 'authenticated' }))
    const address = '127.0.0.1:0'
    return stringify({
      ...config,
      listen: { grpc: { address }, admin: { address } },
      shutdown: { drainSeconds: 0 },
      resources: [{ ...resource, routes: [read, ...routes] }],
    })
  }
  const volume = await mountConfigMap('scopegate.yaml', textWith())
  cleanups.push(volume.remove)
  const gate = await startServeProcessOn(volume.directory)
  cleanups.push(gate.close)
  const envoy = await startEnvoy({ gates: [gate.addresses.grpc], upstreamPort: upstream.port })
  cleanups.push(envoy.stop)
  const headers = { authorization: `Bearer ${await issuer.token()}` }
  const send = async (path: string): Promise<{ status: number }> => {
    const response = await fetch(`${envoy.url}/${path}`, { headers })
    await response.arrayBuffer()
    return response
  }
  const statusOf = async (path: string): Promise<number> => (await send(path)).status
  const load = startLoad(async () => await send('read'))
  cleanups.push(load.stop)
  await more(load, 100)

  for (const [added, gone] of [
    ['one', 'two'],
    ['two', 'one'],
    ['one', 'two'],
  ] as const) {
    const startedAtMs = performance.now()
    await volume.swap(textWith(added))
    await until(async () => (await statusOf(added)) === 200, `/${added}`, boundMs)
    expect(performance.now() - startedAtMs).toBeLessThan(boundMs)
    expect(await statusOf(gone)).toBe(403)
    await more(load, 50)
  }

  await volume.swap(`${textWith('two')}frobnicate: true\n`)
  const refusal = 'changed configuration cannot be used'
  await until(() => gate.output().includes(refusal), 'the refusal', boundMs)
  await more(load, 50)
  expect(gate.output()).toContain('unknown key \\"frobnicate\\"')
  const admin = async (path: string): Promise<Response> =>
    await fetch(`http://${gate.addresses.admin}${path}`)
  expect(await (await admin('/metrics')).text()).toMatch(
    /^scopegate_config_last_reload_successful 0$/m,
  )
  const ready = await admin('/readyz')
  expect(ready.status).toBe(200)
  expect(await ready.text()).toContain('frobnicate')
  expect([await statusOf('one'), await statusOf('two')]).toEqual([200, 403])

  await volume.swap(textWith('two'))
  await until(async () => (await statusOf('two')) === 200, 'the mended edit', boundMs)
  expect(await (await admin('/readyz')).text()).not.toContain('frobnicate')
  await load.stop()
  expect(load.failures).toEqual([])
})
