/** Gates that share revocations through a real redis-server, and what operators ask them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  startTestAuthorizationServer,
  type TestAuthorizationServer,
} from './authorization-server.js'
import { parsePrometheusText } from './prometheus-text.js'
import { startRedisServer, type RedisServer } from './redis-server.js'
import { startTestGate, testConfig, type TestGate } from './test-gate.js'

const adminToken = 'an-admin-token-of-more-than-32-characters'

/** What a test of shared revocations needs; everything is ended by `close`. */
export interface SharedRevocations {
  readonly issuer: TestAuthorizationServer
  readonly redis: RedisServer
  /** Where files of the gates may be written. */
  readonly directory: string
  startGate(settings?: object, redisSettings?: object, awaitReady?: boolean): Promise<TestGate>
  close(): Promise<void>
}

/** Starts an issuer and a Redis with further settings. */
export async function startSharedRevocations(
  redisSettings: (directory: string) => readonly string[] = () => [],
): Promise<SharedRevocations> {
  const directory = await mkdtemp(join(tmpdir(), 'scopegate-revocation-'))
  const adminTokenFile = join(directory, 'admin-token')
  await writeFile(adminTokenFile, adminToken)
  const issuer = await startTestAuthorizationServer()
  const redis = await startRedisServer(redisSettings(directory))
  const gates: TestGate[] = []
  return {
    issuer,
    redis,
    directory,
    async startGate(settings = {}, more = {}, awaitReady = true) {
      const url = `redis://127.0.0.1:${String(redis.port)}`
      const revocation = { adminTokenFile, redis: { url, ...more }, ...settings }
      const gate = await startTestGate(testConfig(issuer, { revocation }), { awaitReady })
      gates.push(gate)
      return gate
    },
    async close() {
      await Promise.all(
        gates.map(async (gate) => {
          await gate.close()
        }),
      )
      await Promise.all([redis.close(), issuer.close()])
      await rm(directory, { recursive: true })
    },
  }
}

/** Posts an entry of the issuer `main` for a minute. */
export async function revoke(
  gate: TestGate,
  entry: object,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`http://${gate.addresses.admin}/revocations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}` },
    body: JSON.stringify({ issuer: 'main', ttlSeconds: 60, ...entry }),
  })
  return { status: response.status, body: await response.json() }
}

/** The reason of the decision on `/read` with a token. */
export async function reasonAt(gate: TestGate, token: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` }
  return (await gate.client.check({ path: '/read', headers })).metadata['reason']
}

/** The component `revocation` of `/readyz`. */
export async function component(gate: TestGate): Promise<unknown> {
  return (await gate.readyz()).body.components['revocation']
}

/** The metric that says whether the store is there. */
export async function storeUp(gate: TestGate): Promise<number> {
  return parsePrometheusText(await gate.metrics()).value('scopegate_revocation_store_up')
}
