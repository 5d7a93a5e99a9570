/** The whole path of a request: an authorization server, a gate, an upstream and the real Envoy, on free ports. */
import {
  startTestAuthorizationServer,
  type TestAuthorizationServer,
} from './authorization-server.js'
import { startEchoUpstream, type EchoUpstream } from './echo-upstream.js'
import { startEnvoy, type TestEnvoy } from './envoy.js'
import type { Replacement } from './shipped-file.js'
import { startTestGate, testConfig, type TestGate } from './test-gate.js'

export interface EnvoyStack {
  readonly issuer: TestAuthorizationServer
  readonly gate: TestGate
  readonly upstream: EchoUpstream
  readonly envoy: TestEnvoy
  /** A request through Envoy; `token` becomes the Authorization header. */
  send(path: string, options?: SendOptions): Promise<EnvoyAnswer>
  readonly close: () => Promise<void>
}

interface SendOptions {
  readonly method?: string
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What the client got. A missing header is undefined. */
interface EnvoyAnswer {
  readonly status: number
  readonly challenge: string | undefined
  readonly headers: Headers
  readonly body: string
}

export interface EnvoyStackOptions {
  readonly replace?: readonly Replacement[]
  readonly config?: Record<string, unknown>
  /** Trusted beside the authorization server of the stack. */
  readonly moreIssuers?: readonly {
    readonly id: string
    readonly issuer: string
    readonly keys?: Readonly<Record<string, unknown>>
  }[]
  /** Before the gate starts: the place to break the authorization server. */
  readonly prepare?: (issuer: TestAuthorizationServer) => void
  /** False for a gate that never becomes ready. */
  readonly awaitReady?: boolean
}

export async function startEnvoyStack(options: EnvoyStackOptions = {}): Promise<EnvoyStack> {
  const { replace = [], config = {}, moreIssuers = [], prepare, awaitReady = true } = options
  const cleanups: (() => Promise<void>)[] = []
  async function close(): Promise<void> {
    for (const cleanup of cleanups.reverse()) await cleanup()
  }

  try {
    const issuer = await startTestAuthorizationServer()
    cleanups.push(async () => {
      await issuer.close()
    })
    prepare?.(issuer)
    const upstream = await startEchoUpstream()
    cleanups.push(async () => {
      await upstream.close()
    })
    const issuers = [{ id: 'main', issuer: issuer.issuer }, ...moreIssuers]
    const gate = await startTestGate(testConfig(issuer, { issuers, ...config }), { awaitReady })
    cleanups.push(async () => {
      await gate.close()
    })
    const gates = [gate.addresses.grpc]
    const envoy = await startEnvoy({ gates, upstreamPort: upstream.port, replace })
    cleanups.push(async () => {
      await envoy.stop()
    })
    return {
      issuer,
      gate,
      upstream,
      envoy,
      close,
      send: async (path, sent) => await send(envoy, path, sent),
    }
  } catch (fault) {
    await close()
    throw fault
  }
}

async function send(
  envoy: TestEnvoy,
  path: string,
  { method = 'GET', token, headers = {} }: SendOptions = {},
): Promise<EnvoyAnswer> {
  const response = await fetch(envoy.url + path, {
    method,
    headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
  })
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate') ?? undefined,
    headers: response.headers,
    body: await response.text(),
  }
}
