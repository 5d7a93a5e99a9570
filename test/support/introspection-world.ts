/** A gate whose issuer is asked about opaque tokens, one for each test. */
import { resolve } from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import {
  startTestAuthorizationServer,
  type TestAuthorizationServer,
} from './authorization-server.js'
import { startIntrospectionEndpoint, type IntrospectionEndpoint } from './introspection-endpoint.js'
import { startTestGate, testConfig, type TestGate } from './test-gate.js'

export let issuer: TestAuthorizationServer
export let endpoint: IntrospectionEndpoint
export let gate: TestGate | undefined
/** Starts an issuer and an endpoint for each test of a file, and ends them with the gate. */
export function setUp(): void {
  beforeEach(async () => {
    issuer = await startTestAuthorizationServer()
    endpoint = await startIntrospectionEndpoint()
  })
  afterEach(async () => {
    await endpoint.close()
    await gate?.close()
    await issuer.close()
    gate = undefined
  })
}

export type Settings = Record<string, unknown>

/** The introspection of an issuer that is asked at the endpoint. */
export function askingTheEndpoint(changes: Settings = {}): Settings {
  return {
    endpoint: endpoint.url,
    clientId: 'the gate',
    clientSecretFile: resolve('test/vectors/introspection/secret'),
    ...changes,
  }
}

/** Starts a gate that asks the endpoint; `introspection` and `more` are the issuer's, `changes` of the whole. */
export async function start(
  introspection: Settings = {},
  more: Settings = {},
  changes: Settings = {},
): Promise<void> {
  gate = await startTestGate(
    testConfig(issuer, {
      issuers: [
        {
          id: 'main',
          issuer: issuer.issuer,
          introspection: askingTheEndpoint({ timeoutSeconds: 0.3, ...introspection }),
          ...more,
        },
      ],
      ...changes,
    }),
  )
}

/** Starts a gate on a whole configuration. */
export async function startWith(config: Settings): Promise<void> {
  gate = await startTestGate(config)
}

/** The reason for which a token is refused, or `none`. */
export async function reasonOf(token: string, path = '/read'): Promise<unknown> {
  const answer = await gate!.client.check({ path, headers: { authorization: `Bearer ${token}` } })
  expect(answer.kind).toBe(answer.metadata['reason'] === 'none' ? 'ok' : 'denied')
  return answer.metadata['reason']
}

export const seconds = (): number => Math.floor(Date.now() / 1000)
