/** Another configuration while the gate is at work: in force whole or not at all, and nothing lost that it does not touch. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
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
  gate = await startTestGate(testConfig(issuer))
})
afterEach(async () => {
  await gate.close()
  await issuer.close()
})

type Entry = Record<string, unknown>

/** The configuration of the gate with other routes. */
function withRoutes(...routes: readonly Entry[]): Entry {
  const config = testConfig(issuer)
  const [resource] = config['resources'] as Entry[]
  return { ...config, resources: [{ ...resource, routes }] }
}

async function ask(token: string | undefined, path = '/read'): Promise<string> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const before = gate.log.length
  const { kind } = await gate.client.check({ path, headers })
  const line = gate.log.slice(before).find(({ reason }) => reason !== undefined)
  return kind === 'ok' ? 'allow' : String(line?.['reason'])
}

async function metric(name: string): Promise<number> {
  const line = (await gate.metrics()).split('\n').find((text) => text.startsWith(`${name} `))
  return Number(line?.slice(name.length + 1))
}

describe('a changed configuration', () => {
  it('counts as soon as its files are the same at two looks', async () => {
    const token = await issuer.token()
    expect(await ask(token, '/new')).toBe('no_route')
    const config = withRoutes({ id: 'new', path: '/new', access: 'authenticated' })
    await writeFile(gate.file, JSON.stringify({ ...config, listen: { http: listenHttp } }))
    await until(async () => (await ask(token, '/new')) === 'allow')
    expect(await ask(token, '/read')).toBe('no_route')
  })

  it('may ask for a claim that was not kept of known tokens', async () => {
    const token = await issuer.token({ org: 'acme' })
    expect(await ask(token)).toBe('allow')
    const claims = [{ claim: '/org', equals: 'acme' }]
    expect(
      await gate.reconfigure(withRoutes({ id: 'r', path: '/read', require: { claims } })),
    ).toBe(true)
    expect(await ask(token)).toBe('allow')
  })

  it('does not forget tokens of an issuer that it does not touch', async () => {
    const token = await issuer.token()
    await ask(token)
    const before = await metric('scopegate_token_cache_misses_total')
    await gate.reconfigure(withRoutes({ id: 'again', path: '/read', scopes: ['read:users'] }))
    expect(await ask(token)).toBe('allow')
    expect(await metric('scopegate_token_cache_misses_total')).toBe(before)
    expect(issuer.requests.get('/jwks')).toBe(1)
  })

  it('lets a token in at once that was refused by the rules before', async () => {
    const other = await startTestAuthorizationServer()
    const token = await other.token()
    expect(await ask(token)).toBe('unknown_issuer')
    const issuers = [
      { id: 'main', issuer: issuer.issuer },
      { id: 'other', issuer: other.issuer },
    ]
    await gate.reconfigure(testConfig(issuer, { issuers }))
    expect(await ask(token)).toBe('allow')
    await other.close()
  })

  it.each<[string, (entry: Entry) => Entry[], string]>([
    ['an issuer that is gone', () => [{ id: 'x', issuer: 'https://x.example' }], 'unknown_issuer'],
    ['other algorithms', (entry) => [{ ...entry, algorithms: ['PS256'] }], 'algorithm_not_allowed'],
    ['other token types', (entry) => [{ ...entry, tokenTypes: ['x+jwt'] }], 'wrong_type'],
  ])('refuses known tokens by %s', async (_name, change, reason) => {
    const token = await issuer.token()
    expect(await ask(token)).toBe('allow')
    const issuers = change({ id: 'main', issuer: issuer.issuer })
    expect(await gate.reconfigure(testConfig(issuer, { issuers }))).toBe(true)
    expect(await ask(token)).toBe(reason)
  })

  it('refuses known tokens of a template by the entry that one of its tenants gets', async () => {
    const keys = { jwksUri: `${issuer.issuer}/jwks` }
    const template = {
      id: 'tenants',
      issuerTemplate: `${issuer.issuer}/{tenant}/v2`,
      bind: { tenant: { claim: '/tid', pattern: 'name' } },
      keys: { ...keys, honourKeyIssuer: false },
    }
    await gate.reconfigure(testConfig(issuer, { issuers: [template] }))
    const iss = `${issuer.issuer}/acme/v2`
    const token = await issuer.token({ iss, tid: 'acme' })
    expect(await ask(token)).toBe('allow')
    const acme = { id: 'acme', issuer: iss, keys, grantableScopes: [] }
    expect(await gate.reconfigure(testConfig(issuer, { issuers: [template, acme] }))).toBe(true)
    expect(await ask(token)).toBe('insufficient_scope')
  })

  it('gives the name of an issuer to another one without giving it its keys', async () => {
    const other = await startTestAuthorizationServer()
    const token = await issuer.token()
    await ask(token)
    await gate.reconfigure(testConfig(other))
    expect(await ask(token)).toBe('unknown_issuer')
    const [key] = issuer.keys
    const payload = JSON.stringify(other.claims())
    expect(
      await ask(await other.sign(payload, { kid: other.keys[0]?.jwk.kid, typ: 'at+jwt' }, key)),
    ).toBe('bad_signature')
    expect(await ask(await other.token())).toBe('allow')
    await other.close()
  })

  it('with an issuer that does not answer leaves the gate ready', async () => {
    const issuers = [
      { id: 'main', issuer: issuer.issuer },
      { id: 'gone', issuer: 'http://127.0.0.1:1' },
    ]
    expect(await gate.reconfigure(testConfig(issuer, { issuers }))).toBe(true)
    const { status, body } = await gate.readyz()
    expect(status).toBe(200)
    expect(body.components['issuer:gone']).toMatchObject({ ready: true })
    expect(body.components['issuer:gone']?.detail).toMatch(/./)
    expect(await ask(await issuer.token())).toBe('allow')
  })

  it('keeps the keys when only the rules of their issuer change', async () => {
    const issuers = [{ id: 'main', issuer: issuer.issuer, clockToleranceSeconds: 5 }]
    await ask(await issuer.token())
    issuer.answer('/jwks', (_request, response) => {
      response.writeHead(500).end()
    })
    await gate.reconfigure(testConfig(issuer, { issuers }))
    expect(await ask(await issuer.token())).toBe('allow')
  })

  it('gives way again when the files go back to what they were before', async () => {
    const before = await readFile(gate.file, 'utf8')
    expect(await gate.reconfigure(withRoutes({ id: 'all', path: '/**', access: 'public' }))).toBe(
      true,
    )
    expect(await ask(undefined)).toBe('allow')
    await writeFile(gate.file, before)
    await until(async () => (await ask(undefined)) !== 'allow')
  })

  it('says which settings are read at the start only', async () => {
    const log = { level: 'debug' }
    expect(await gate.reconfigure(testConfig(issuer, { log }))).toBe(true)
    const { body } = await gate.readyz()
    expect(body.components['configuration']).toEqual({
      ready: true,
      detail: 'changed, but read at the start only: log',
    })
  })
})

const listenHttp = { address: '127.0.0.1:0', trustedProxies: ['127.0.0.1/32'] }

describe('a configuration that cannot be used', () => {
  it.each([
    ['no YAML', 'issuers: [', /scopegate\.yaml:1:\d+: /],
    [
      'a problem',
      'resources: []\nfrobnicate: 1\n',
      /scopegate\.yaml:2:1: unknown key "frobnicate"/,
    ],
    ['nothing in it', '', /./],
  ])('changes nothing and is told: %s', async (_name, text, detail) => {
    const token = await issuer.token()
    expect(await gate.reconfigure(text)).toBe(false)
    expect(await ask(token)).toBe('allow')
    const { status, body } = await gate.readyz()
    expect(status).toBe(200)
    expect(body.components['configuration']?.detail).toMatch(detail)
    expect(await metric('scopegate_config_last_reload_successful')).toBe(0)
    expect(gate.log).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        msg: 'changed configuration cannot be used, the one before serves',
        problems: expect.arrayContaining([expect.stringMatching(detail)]) as unknown,
      }),
    )
  })

  it('is forgotten when it is mended', async () => {
    await gate.reconfigure('frobnicate: 1\n')
    expect(await gate.reconfigure(testConfig(issuer))).toBe(true)
    expect((await gate.readyz()).body.components['configuration']).toEqual({ ready: true })
    expect(await metric('scopegate_config_last_reload_successful')).toBe(1)
  })
})

describe('a check under way', () => {
  let silent: Server
  let directory: string
  beforeEach(async () => {
    silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    directory = await mkdtemp(join(tmpdir(), 'scopegate-reload-'))
  })
  afterEach(async () => {
    silent.close()
    await rm(directory, { recursive: true })
  })

  it('ends by the rules under which it began', async () => {
    const key = await createTestKey()
    let publish: () => void = () => undefined
    const published = new Promise<void>((resolve) => (publish = resolve))
    issuer.answer('/jwks', (_request, response) => {
      void published.then(() => response.end(JSON.stringify({ keys: [key.jwk] })))
    })
    const { port } = silent.address() as AddressInfo
    const payload = JSON.stringify(issuer.claims())
    const token = await issuer.sign(payload, { kid: key.jwk.kid, typ: 'at+jwt' }, key)
    const answer = ask(token)
    await until(() => (issuer.requests.get('/jwks') ?? 0) > 1)
    const issuers = [
      {
        id: 'x',
        issuer: `http://127.0.0.1:${String(port)}`,
        keys: { discovery: true, timeoutSeconds: 0.1 },
      },
    ]
    expect(await gate.reconfigure(testConfig(issuer, { issuers }))).toBe(true)
    publish()
    expect(await answer).toBe('allow')
    expect(await ask(token)).toBe('unknown_issuer')
  })
})
