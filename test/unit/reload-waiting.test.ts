/** A reload that has to wait, and what is read at the start only: nothing that was refused is let in by either. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createTestKey,
  startTestAuthorizationServer,
  type TestAuthorizationServer,
} from '../support/authorization-server.js'
import { startTestGate, testConfig, type TestGate } from '../support/test-gate.js'
import { until } from '../support/until.js'

let issuer: TestAuthorizationServer
let gate: TestGate
beforeEach(async () => {
  issuer = await startTestAuthorizationServer()
})
afterEach(async () => {
  await gate.close()
  await issuer.close()
})

async function ask(token: string): Promise<string> {
  const before = gate.log.length
  const headers = { authorization: `Bearer ${token}` }
  const { kind } = await gate.client.check({ path: '/read', headers })
  const line = gate.log.slice(before).find(({ reason }) => reason !== undefined)
  return kind === 'ok' ? 'allow' : String(line?.['reason'])
}

describe('while another configuration waits for its keys', () => {
  let silent: Server
  let directory: string
  const waiting = new Set<unknown>()
  beforeEach(async () => {
    waiting.clear()
    silent = createServer((socket) => waiting.add(socket))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    directory = await mkdtemp(join(tmpdir(), 'scopegate-reload-'))
  })
  afterEach(async () => {
    silent.close()
    await rm(directory, { recursive: true })
  })

  const slow = (): object => {
    const { port } = silent.address() as AddressInfo
    const issuer = `http://127.0.0.1:${String(port)}`
    return { id: 'slow', issuer, keys: { discovery: true, timeoutSeconds: 1 } }
  }

  it('a token stays revoked, also where its issuer gets another name', async () => {
    const revocation = { file: join(directory, 'revoked.yaml') }
    const never = '2099-01-01T00:00:00Z'
    await writeFile(
      revocation.file,
      JSON.stringify([{ issuer: issuer.issuer, sub: 'alice', until: never }]),
    )
    gate = await startTestGate(testConfig(issuer, { revocation }))
    const token = await issuer.token()
    expect(await ask(token)).toBe('revoked')
    const issuers = [{ id: 'renamed', issuer: issuer.issuer }, slow()]
    const done = gate.reconfigure(testConfig(issuer, { issuers, revocation }))
    await until(() => waiting.size > 0)
    const answers = new Set<string>()
    for (let asked = 0; asked < 20; asked++) answers.add(await ask(token))
    expect(await done).toBe(true)
    expect(await ask(token)).toBe('revoked')
    expect([...answers]).toEqual(['revoked'])
  })

  it('a key that its issuer withdraws stays withdrawn, also where only the rules change', async () => {
    const main = {
      id: 'main',
      issuer: issuer.issuer,
      keys: { discovery: true, cooldownSeconds: 1 },
    }
    gate = await startTestGate(testConfig(issuer, { issuers: [main] }))
    const withdrawn = await issuer.token()
    expect(await ask(withdrawn)).toBe('allow')
    const issuers = [{ ...main, clockToleranceSeconds: 5 }, slow()]
    const done = gate.reconfigure(testConfig(issuer, { issuers }))
    await until(() => waiting.size > 0)
    issuer.keys = [await createTestKey()]
    expect(await ask(await issuer.token())).toBe('allow')
    expect(await ask(withdrawn)).not.toBe('allow')
    expect(await done).toBe(true)
    expect(await ask(withdrawn)).not.toBe('allow')
  })
})

it('a configuration without the revocation that is read at the start only goes on refusing what is revoked', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'scopegate-reload-'))
  const revocation = { file: join(directory, 'revoked.yaml') }
  const leaked = { issuer: 'main', jti: 'leaked', until: '2099-01-01T00:00:00Z' }
  await writeFile(revocation.file, JSON.stringify([leaked]))
  gate = await startTestGate(testConfig(issuer, { revocation }))
  expect(await gate.reconfigure(testConfig(issuer))).toBe(true)
  expect(await ask(await issuer.token({ jti: 'leaked' }))).toBe('revoked')
  await rm(directory, { recursive: true })
})
