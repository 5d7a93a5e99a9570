/** A whole gate that starts without its issuer, from the keys that it kept (standards 57; P2). */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createTestKey,
  startTestAuthorizationServer,
  type TestAuthorizationServer,
} from '../../support/authorization-server.js'
import { expectAllowed, expectRefusal } from '../../support/golden-refusals.js'
import { parsePrometheusText } from '../../support/prometheus-text.js'
import { startTestGate, testConfig, type TestGate } from '../../support/test-gate.js'
import { until } from '../../support/until.js'

let directory: string
let issuer: TestAuthorizationServer
let gate: TestGate | undefined

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scopegate-keys-'))
  issuer = await startTestAuthorizationServer()
})

afterEach(async () => {
  await gate?.close()
  await issuer.close()
  await rm(directory, { recursive: true })
})

async function start(keysSnapshotDir: string): Promise<TestGate> {
  gate = await startTestGate(testConfig(issuer, { keysSnapshotDir }))
  return gate
}

async function read(token: string) {
  return await gate!.client.check({
    path: '/read',
    headers: { authorization: `Bearer ${token}` },
  })
}

async function snapshots(result: string): Promise<number> {
  const scrape = parsePrometheusText(await gate!.metrics())
  const [sample] = scrape.all('scopegate_jwks_snapshots_total', { issuer: 'main', result })
  return sample?.value ?? 0
}

describe('a gate that kept the keys of its issuer', () => {
  it('is ready at once when the issuer is gone, says why, and refuses what it cannot know', async () => {
    await start(directory)
    await until(async () => (await snapshots('written')) === 1)
    await gate!.close()
    expect(await readdir(directory)).toHaveLength(1)

    issuer.answer('/jwks', (_, response) => response.writeHead(500).end())
    const { log } = await start(directory)
    expectAllowed(await read(await issuer.token()))
    const stranger = await issuer.sign(JSON.stringify(issuer.claims()), {}, await createTestKey())
    expectRefusal(await read(stranger), 'keys_unavailable')
    await until(async () => {
      const { detail = '' } = (await gate!.readyz()).body.components['issuer:main']!
      return (
        detail.startsWith('from snapshot; ') && detail.endsWith('/jwks answered with status 500')
      )
    })
    expect(await snapshots('used')).toBe(1)
    expect(log).toContainEqual(
      expect.objectContaining({ msg: 'keys from a snapshot', issuer: 'main' }),
    )

    issuer.answer('/jwks', undefined)
    await until(async () => {
      return (await gate!.readyz()).body.components['issuer:main']!.detail === undefined
    })
  })

  it('goes on without when the directory cannot be used, and tells', async () => {
    await writeFile(join(directory, 'file'), '')
    const { log } = await start(join(directory, 'file'))
    expectAllowed(await read(await issuer.token()))
    await until(async () => (await snapshots('not_written')) === 1)
    expect(await snapshots('ignored')).toBe(1)
    for (const msg of ['snapshot of keys not_written', 'snapshot of keys ignored']) {
      const level = 'warn'
      expect(log).toContainEqual(expect.objectContaining({ msg, level, issuer: 'main' }))
    }
  })
})
