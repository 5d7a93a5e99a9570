/** A whole gate whose keys are files: PEM, JWKS and secrets, changed while it runs. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportSPKI, importJWK, type CryptoKey } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createTestKey,
  startTestAuthorizationServer,
  type TestAuthorizationServer,
  type TestKey,
} from '../../support/authorization-server.js'
import { hmacJws } from '../../support/forged-jws.js'
import { expectAllowed, expectRefusal } from '../../support/golden-refusals.js'
import { startTestGate, testConfig, type TestGate } from '../../support/test-gate.js'
import { until } from '../../support/until.js'

let directory: string
let file: string
let issuer: TestAuthorizationServer
let gate: TestGate | undefined

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scopegate-sources-'))
  file = join(directory, 'keys')
  issuer = await startTestAuthorizationServer()
})

afterEach(async () => {
  await gate?.close()
  await issuer.close()
  await rm(directory, { recursive: true })
})

async function start(keys: object, more: object = {}): Promise<TestGate> {
  const issuers = [{ id: 'main', issuer: issuer.issuer, keys, ...more }]
  gate = await startTestGate(testConfig(issuer, { issuers }))
  return gate
}

async function read(token: string) {
  return await gate!.client.check({ path: '/read', headers: { authorization: `Bearer ${token}` } })
}

async function isAllowed(token: string): Promise<boolean> {
  return (await read(token)).kind === 'ok'
}

/** Replaces the file as an editor or a mounted volume does. */
async function replace(content: string | Buffer): Promise<void> {
  await writeFile(`${file}.new`, content)
  await rename(`${file}.new`, file)
}

async function pemOf(key: TestKey): Promise<string> {
  return await exportSPKI((await importJWK(key.jwk, key.algorithm)) as CryptoKey)
}

async function tokenBy(key: TestKey, header: Record<string, unknown> = {}): Promise<string> {
  return await issuer.sign(JSON.stringify(issuer.claims()), header, key)
}

describe('a file of keys', () => {
  it('of PEM is heeded within seconds, and what it drops is refused', async () => {
    const [old, next] = [await createTestKey(), await createTestKey()]
    await replace(await pemOf(old))
    await start({ pem: { file } })
    const token = await tokenBy(old)
    expectAllowed(await read(token))
    expectAllowed(await read(await tokenBy(old, { kid: undefined })))
    await replace(await pemOf(next))
    await until(async () => !(await isAllowed(token)))
    expectAllowed(await read(await tokenBy(next)))
  })

  it('of a JWKS is heeded within seconds although no token names a new key', async () => {
    const jwks = (key: TestKey): string => JSON.stringify({ keys: [{ ...key.jwk, kid: 'k' }] })
    const [old, next] = [await createTestKey(), await createTestKey()]
    await replace(jwks(old))
    await start({ jwksFile: file, cooldownSeconds: 1_000 })
    const token = await tokenBy(old, { kid: 'k' })
    expectAllowed(await read(token))
    await replace(jwks(next))
    await until(async () => !(await isAllowed(token)))
    await replace('{')
    await until(async () => {
      const { detail = '' } = (await gate!.readyz()).body.components['issuer:main']!
      return detail.endsWith('is not JSON')
    })
    expectAllowed(await read(await tokenBy(next, { kid: 'k' })))
  })

  it('that is a private key is refused, and nothing of it is told', async () => {
    await replace('-----BEGIN PRIVATE KEY-----\nTUlJRXZ3\n-----END PRIVATE KEY-----\n')
    gate = await startTestGate(
      testConfig(issuer, {
        issuers: [{ id: 'main', issuer: issuer.issuer, keys: { pem: { file } } }],
      }),
      { awaitReady: false },
    )
    await until(async () => {
      const { detail = '' } = (await gate!.readyz()).body.components['issuer:main']!
      return detail.includes('something else than public keys')
    })
    expect(JSON.stringify(gate.log)).not.toContain('TUlJRXZ3')
    expectRefusal(await read(await issuer.token()), 'keys_unavailable')
  })
})

describe('a secret', () => {
  const header = { alg: 'HS256', typ: 'at+jwt' }

  it('verifies HS256, is heeded when it changes, and is never told', async () => {
    const [old, next] = [
      randomBytes(48).toString('base64url'),
      randomBytes(48).toString('base64url'),
    ]
    await replace(`${old}\n`)
    await start({ secretFile: file })
    const token = hmacJws(header, issuer.claims(), old)
    expectAllowed(await read(token))
    expectAllowed(await read(hmacJws({ ...header, kid: 'any' }, issuer.claims(), old)))
    expectRefusal(await read(hmacJws(header, issuer.claims(), next)), 'bad_signature')
    expectRefusal(
      await read(hmacJws({ ...header, alg: 'HS512' }, issuer.claims(), old)),
      'algorithm_not_allowed',
    )
    expectRefusal(await read(await issuer.token()), 'algorithm_not_allowed')
    await replace(next)
    await until(async () => !(await isAllowed(token)))
    expectAllowed(await read(hmacJws(header, issuer.claims(), next)))
    const report = await (await fetch(`http://${gate!.addresses.admin}/issuers`)).text()
    const told = report + JSON.stringify(gate!.log) + (await gate!.metrics())
    expect(JSON.parse(report)).toMatchObject([
      { keySource: 'secretFile', keys: [{ kid: null, algorithm: 'HS256', thumbprint: null }] },
    ])
    for (const secret of [old, next]) expect(told).not.toContain(secret)
  })

  it('that becomes weak changes nothing but the log', async () => {
    const good = randomBytes(32).toString('hex')
    await replace(good)
    await start({ secretFile: file }, { algorithms: ['HS256'] })
    await replace('short')
    await until(() => gate!.log.some(({ fault }) => String(fault).includes('less than 256 bits')))
    expectAllowed(await read(hmacJws(header, issuer.claims(), good)))
    expectRefusal(await read(hmacJws(header, issuer.claims(), 'short')), 'bad_signature')
  })
})
