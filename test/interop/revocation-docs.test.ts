/** docs/revocation.md is true: its commands print what it says, beside a gate with a real Redis. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/index.js'
import {
  startTestAuthorizationServer,
  type TestAuthorizationServer,
} from '../support/authorization-server.js'
import { withFiles } from '../support/config-text.js'
import { blocksOf, runSteps, stepsOf } from '../support/document-blocks.js'
import { startRedisServer, type RedisServer } from '../support/redis-server.js'
import { startServeProcess, type ServeProcess } from '../support/serve-process.js'
import { testConfig } from '../support/test-gate.js'

const page = readFileSync('docs/revocation.md', 'utf8')
const adminToken = 'an-admin-token-of-more-than-32-characters'

describe('docs/revocation.md', () => {
  let issuer: TestAuthorizationServer
  let redis: RedisServer
  let gate: ServeProcess
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'scopegate-revocation-'))
    const adminTokenFile = join(directory, 'admin-token')
    await writeFile(adminTokenFile, adminToken)
    issuer = await startTestAuthorizationServer()
    redis = await startRedisServer()
    const url = `redis://127.0.0.1:${String(redis.port)}`
    gate = await startServeProcess(
      testConfig(issuer, { revocation: { adminTokenFile, redis: { url } } }),
    )
  })
  afterAll(async () => {
    await gate.close()
    await Promise.all([redis.close(), issuer.close()])
    await rm(directory, { recursive: true })
  })

  it('shows commands that do what it says', () => {
    const blocks = blocksOf(page, 'console').map(stepsOf)
    expect(blocks.flat().length).toBeGreaterThanOrEqual(6)
    const withAddress = (text: string): string =>
      text.replaceAll('127.0.0.1:8081', gate.addresses.admin)
    for (const block of blocks) runSteps(block, withAddress, { ADMIN_TOKEN: adminToken })
  })

  it('shows a configuration and a file that can be used', async () => {
    const [config = '', list = ''] = blocksOf(page, 'yaml')
    const files = {
      'scopegate.yaml': config.replace('adminTokenFile:', 'file: revoked.yaml\n  adminTokenFile:'),
      'revoked.yaml': list,
      'admin-token': adminToken,
      'redis-password': 'x',
    }
    await withFiles(files, async (at) => {
      const { revocation } = await loadConfig(join(at, 'scopegate.yaml'))
      expect(revocation?.redis?.url).toMatch(/^rediss:/)
    })
  })
})
