/** The whole path of a request through one kind of proxy: an authorization server, a gate, an upstream, on free ports. */
import {
  startTestAuthorizationServer,
  testAudience,
  type TestAuthorizationServer,
} from './authorization-server.js'
import { startEchoUpstream, type EchoUpstream } from './echo-upstream.js'
import type { ProxyKind, RunningProxy } from './proxies/proxy.js'
import type { Replacement } from './shipped-file.js'
import { startTestGate, testConfig, type TestGate } from './test-gate.js'

export interface ProxyStack {
  readonly issuer: TestAuthorizationServer
  readonly gate: TestGate
  readonly upstream: EchoUpstream
  readonly proxy: RunningProxy
  readonly close: () => Promise<void>
}

/**
 * Two hosts, so that a request for one that is decided on as one for the other shows: `api.example.com` wants tokens,
 * `public.example.com` wants none.
 */
function twoHosts(issuer: TestAuthorizationServer): Record<string, unknown> {
  const { resources } = testConfig(issuer) as { resources: [object] }
  return testConfig(issuer, {
    log: { allowSampleEvery: 1 },
    resources: [
      { ...resources[0], hosts: ['api.example.com'] },
      {
        id: 'public',
        hosts: ['public.example.com'],
        audiences: [testAudience],
        routes: [{ id: 'all', path: '/**', access: 'public' }],
      },
    ],
  })
}

export async function startProxyStack(
  kind: ProxyKind,
  replace: readonly Replacement[] = [],
): Promise<ProxyStack> {
  const cleanups: (() => Promise<void>)[] = []
  async function close(): Promise<void> {
    for (const cleanup of cleanups.reverse()) await cleanup()
  }
  try {
    const issuer = await startTestAuthorizationServer()
    cleanups.push(async () => {
      await issuer.close()
    })
    const upstream = await startEchoUpstream()
    cleanups.push(async () => {
      await upstream.close()
    })
    const gate = await startTestGate(twoHosts(issuer))
    cleanups.push(async () => {
      await gate.close()
    })
    const proxy = await kind.start({
      gatePort: portOf(gate.addresses.http),
      grpcPort: portOf(gate.addresses.grpc),
      upstreamPort: upstream.port,
      replace,
    })
    cleanups.push(async () => {
      await proxy.stop()
    })
    return { issuer, gate, upstream, proxy, close }
  } catch (fault) {
    await close()
    throw fault
  }
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
}
