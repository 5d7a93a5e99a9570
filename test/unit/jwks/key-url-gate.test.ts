/** A whole gate for the notes of a load balancer: ready without a key, believing what is published, and silent in its log. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestKey, type TestKey } from '../../support/authorization-server.js'
import { pemOf } from '../../support/key-url-world.js'
import { paddedJws } from '../../support/padded-jws.js'
import { parsePrometheusText } from '../../support/prometheus-text.js'
import { startTestGate, testConfig, type TestGate } from '../../support/test-gate.js'
import { until } from '../../support/until.js'

const issuer = 'https://idp.example.com'
const signer = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/a/1'

let key: TestKey
let bucket: Server
/** Paths that were asked for. */
let asked: string[]
/** Keys that are there. */
let published: TestKey[]
let gate: TestGate

beforeEach(async () => {
  key = await createTestKey()
  published = [key]
  asked = []
  bucket = createServer((request, response) => {
    asked.push(request.url ?? '')
    const found = published.find(({ jwk }) => request.url === `/region/${jwk.kid}`)
    if (found === undefined) response.writeHead(403).end('<Error/>')
    else response.end(pemOf(found.jwk))
  })
  await new Promise<void>((resolve) => bucket.listen(0, '127.0.0.1', resolve))
  const { port } = bucket.address() as AddressInfo
  gate = await startTestGate(config(port))
})

afterEach(async () => {
  await gate.close()
  bucket.closeAllConnections()
  await new Promise((resolve) => bucket.close(resolve))
})

function config(port: number, header: object = { signer }): Record<string, unknown> {
  const keyUrl = `http://127.0.0.1:${String(port)}/region/{kid}`
  const keys = { keyUrl, refreshSeconds: 0.2 }
  return testConfig(issuer, {
    issuers: [{ id: 'main', issuer, preset: 'aws-alb', keys, requireHeaders: header }],
    log: { level: 'debug', allowSampleEvery: 1 },
  })
}

async function note(
  header: Record<string, unknown> = {},
  claims: Record<string, unknown> = {},
): Promise<string> {
  const exp = Math.floor(Date.now() / 1_000) + 120
  return await paddedJws(
    { typ: 'JWT', kid: key.jwk.kid, alg: 'ES256', iss: issuer, signer, exp, ...header },
    JSON.stringify({ sub: 'alice', exp, iss: issuer, ...claims }),
    key.privateKey,
  )
}

async function reasonOf(token: string): Promise<string | undefined> {
  const headers = { authorization: `Bearer ${token}` }
  return (await gate.client.check({ path: '/me/a', headers })).metadata['reason']
}

async function reports(): Promise<readonly Record<string, unknown>[]> {
  const answer = await fetch(`http://${gate.addresses.admin}/issuers`)
  return (await answer.json()) as Record<string, unknown>[]
}

describe('a gate for notes of a load balancer', () => {
  it('is ready before anybody asked for a key, says so, and has no metric that alerts', async () => {
    const { status, body } = await gate.readyz()
    expect([status, body.components['issuer:main']]).toEqual([
      200,
      { ready: true, detail: 'not used yet' },
    ])
    expect(parsePrometheusText(await gate.metrics()).all('scopegate_jwks_keys')).toEqual([])
    expect(asked).toEqual([])

    expect(await reasonOf(await note())).toBe('none')
    const keys = parsePrometheusText(await gate.metrics()).value('scopegate_jwks_keys', {
      issuer: 'main',
    })
    expect(keys).toBe(1)
    expect(await reports()).toMatchObject([{ keySource: 'keyUrl', keys: [{ kid: key.jwk.kid }] }])
  })

  it('asks for nothing because of who does not know the load balancer, nor because of a path', async () => {
    expect(await reasonOf(await note({ signer: 'arn:other' }))).toBe('required_claim')
    expect(await reasonOf(await note({ signer: undefined }))).toBe('required_claim')
    for (const kid of ['../region/x', 'a%2fb', 'a?b', undefined, 'k'.repeat(129)]) {
      expect(await reasonOf(await note({ kid }))).toBe('unknown_key')
    }
    expect(asked).toEqual([])
  })

  it('no longer believes a note that it remembers once the key is gone', async () => {
    const token = await note()
    expect(await reasonOf(token)).toBe('none')
    published = []
    await until(async () => (await reasonOf(token)) === 'unknown_key')
  })

  it('takes the note of a new key at once', async () => {
    expect(await reasonOf(await note())).toBe('none')
    key = await createTestKey()
    published.push(key)
    expect(await reasonOf(await note())).toBe('none')
  })

  it('goes by another load balancer after a reload, also for notes that it remembers', async () => {
    const token = await note()
    expect(await reasonOf(token)).toBe('none')
    const { port } = bucket.address() as AddressInfo
    expect(await gate.reconfigure(config(port, { signer: ['arn:1', 'arn:2'] }))).toBe(true)
    expect(await reasonOf(token)).toBe('required_claim')
    expect(await reasonOf(await note({ signer: 'arn:2' }))).toBe('none')
  })

  it('refuses a note that was changed, spelled otherwise, or padded wrongly', async () => {
    const [header = '', claims = '', signature = ''] = (await note()).split('.')
    expect(signature).toMatch(/==$/)
    const forged = Buffer.from(JSON.stringify({ sub: 'mallory', iss: issuer, exp: 4e9 }))
    for (const [token, reason] of [
      [`${header}.${forged.toString('base64url')}.${signature}`, 'bad_signature'],
      [`${header}.${claims}.${signature}=`, 'malformed_credentials'],
      [`${header}.${claims}.${signature.slice(0, -1)}`, 'malformed_token'],
      [`${header}.${claims}..${signature}`, 'malformed_credentials'],
      [`${header}.${claims}.${signature.slice(0, -2)}`, 'none'],
    ] as const) {
      expect(await reasonOf(token)).toBe(reason)
    }
  })

  it('writes no part of a note into its log, wherever it stands', async () => {
    const token = await note({}, { nonce: 'n' })
    await gate.client.check({ path: `/me/${token}`, headers: { authorization: `Bearer ${token}` } })
    await gate.client.check({ path: `/none/${token.replaceAll('=', '%3D')}` })
    published = []
    await reasonOf(await note({ kid: 'a-secret-that-somebody-sent-as-kid' }))
    const log = JSON.stringify(gate.log)
    for (const part of token.split('.')) expect(log).not.toContain(part.slice(0, 16))
    expect(log).not.toContain('a-secret-that-somebody')
  })
})
