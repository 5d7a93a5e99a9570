/** A whole gate and its issuers: absent at the start, broken, coming back (standards 57 and 64). */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createTestKey,
  sendJson,
  startTestAuthorizationServer,
  type TestAuthorizationServer,
} from '../../support/authorization-server.js'
import { expectAllowed, expectRefusal } from '../../support/golden-refusals.js'
import { startTestGate, testConfig, type TestGate } from '../../support/test-gate.js'
import { until } from '../../support/until.js'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

async function startServer(): Promise<TestAuthorizationServer> {
  const server = await startTestAuthorizationServer()
  opened.push(server)
  return server
}

async function startGate(
  config: Record<string, unknown>,
  options?: { awaitReady: boolean },
): Promise<TestGate> {
  const gate = await startTestGate(config, options)
  opened.push(gate)
  return gate
}

const wellKnown = '/.well-known/oauth-authorization-server'

async function read(gate: TestGate, token: string) {
  return await gate.client.check({ path: '/read', headers: { authorization: `Bearer ${token}` } })
}

describe('a gate whose issuer is absent at the start', () => {
  it('starts, says which issuer is missing, answers 503, serves the other, and recovers by itself', async () => {
    const [main, other] = [await startServer(), await startServer()]
    main.answer(wellKnown, (_, response) => response.writeHead(500).end())
    const issuers = [
      { id: 'main', issuer: main.issuer },
      { id: 'other', issuer: other.issuer },
    ]
    const gate = await startGate(testConfig(main, { issuers }), { awaitReady: false })
    await until(async () => (await gate.readyz()).body.components['issuer:other']!.ready)

    const { status, body } = await gate.readyz()
    expect(status).toBe(503)
    expect(body.ready).toBe(false)
    expect(body.components['issuer:main']).toMatchObject({ ready: false })
    await until(async () => {
      const detail = (await gate.readyz()).body.components['issuer:main']!.detail!
      return detail.includes(`${wellKnown} answered with status 500`)
    }, 'the detail of the missing issuer')

    const refused = await read(gate, await main.token())
    expectRefusal(refused, 'keys_unavailable')
    expect(refused.headers['retry-after']).toEqual(['5'])
    expect(refused.headers['www-authenticate']).toBeUndefined()
    expectAllowed(await read(gate, await other.token()))
    expectAllowed(await gate.client.check({ path: '/health' }))

    main.answer(wellKnown, undefined)
    await until(async () => (await gate.readyz()).status === 200)
    expectAllowed(await read(gate, await main.token()))
  })

  it('starts when nothing listens at the issuer’s address', async () => {
    // Below the ports that are given to servers: the one of a server that ended may be another's a moment later.
    const absent = 'http://127.0.0.1:2'
    const token = await (await startServer()).token({ iss: absent })
    const gate = await startGate(testConfig(absent), { awaitReady: false })
    await until(async () => {
      const { detail = '' } = (await gate.readyz()).body.components['issuer:main']!
      return detail.includes('ECONNREFUSED')
    })
    expectRefusal(await read(gate, token), 'keys_unavailable')
  })

  it('never says that a token is invalid while it cannot tell', async () => {
    const main = await startServer()
    main.answer(wellKnown, (_, response) => response.writeHead(503).end())
    const gate = await startGate(testConfig(main), { awaitReady: false })
    const tokens = [
      await main.token(),
      await main.token({}, { kid: undefined }),
      await main.token({}, { kid: 'unknown' }),
      await main.token({ exp: 1 }),
      await main.sign(JSON.stringify(main.claims()), {}, await createTestKey()),
    ]
    for (const token of tokens) expectRefusal(await read(gate, token), 'keys_unavailable')
  })
})

describe('a gate whose issuer breaks later', () => {
  it('goes on with the keys it has, stays ready, and answers 503 only for keys it lacks', async () => {
    const main = await startServer()
    const gate = await startGate(testConfig(main))
    const key = await createTestKey()
    main.answer('/jwks', (_, response) => response.writeHead(500).end())
    const rotated = await main.sign(JSON.stringify(main.claims()), {}, key)
    expectRefusal(await read(gate, rotated), 'keys_unavailable')
    expectAllowed(await read(gate, await main.token()))
    expect((await gate.readyz()).status).toBe(200)
    const { components } = (await gate.readyz()).body
    expect(components['issuer:main']!.detail).toContain('/jwks answered with status 500')
  })

  it('accepts a rotated key on its first use and refuses the dropped one at once', async () => {
    const main = await startServer()
    const gate = await startGate(testConfig(main))
    const old = await main.token()
    expectAllowed(await read(gate, old))
    main.keys = [await createTestKey()]
    expectAllowed(await read(gate, await main.token()))
    expectRefusal(await read(gate, old), 'unknown_key')
  })

  it('is not asked in a loop when the refresh is put off for longer than a timer can wait', async () => {
    const main = await startServer()
    const keys = { discovery: true, refreshSeconds: 2_592_000, maxStaleSeconds: 31_536_000 }
    const issuers = [{ id: 'main', issuer: main.issuer, keys }]
    // A configuration that refuses such a number is as good.
    const gate = await startGate(testConfig(main, { issuers })).catch(() => undefined)
    for (let i = 0; i < 50; i++) await gate?.client.check({ path: '/health' })
    expect(main.requests.get('/jwks') ?? 0).toBeLessThanOrEqual(1)
  })
})

describe('a document that the issuer should not have sent', () => {
  const bodies: [string, (server: TestAuthorizationServer) => unknown, string][] = [
    ['metadata of another issuer', () => ({ issuer: 'https://other.example' }), 'another issuer'],
    [
      'metadata of this issuer with a slash',
      ({ issuer }) => ({ issuer: `${issuer}/`, jwks_uri: `${issuer}/jwks` }),
      'another issuer',
    ],
    [
      'metadata whose keys are elsewhere over http',
      ({ issuer }) => ({ issuer, jwks_uri: 'http://keys.example/jwks' }),
      'no https jwks_uri',
    ],
  ]

  it.each(bodies)('is not used: %s', async (_, bodyOf, detail) => {
    const main = await startServer()
    main.answer(wellKnown, (_, response) => {
      sendJson(response, bodyOf(main))
    })
    const gate = await startGate(testConfig(main), { awaitReady: false })
    await until(async () => {
      const component = (await gate.readyz()).body.components['issuer:main']!
      return component.detail?.includes(detail) === true
    }, detail)
    expectRefusal(await read(gate, await main.token()), 'keys_unavailable')
    expect(main.requests.get('/jwks')).toBeUndefined()
  })
})

describe('the other sources of keys', () => {
  async function gateWith(main: TestAuthorizationServer, keys: unknown): Promise<TestGate> {
    return await startGate(
      testConfig(main, { issuers: [{ id: 'main', issuer: main.issuer, keys }] }),
    )
  }

  it('are a JWKS in the configuration, with nothing asked of the issuer', async () => {
    const main = await startServer()
    const gate = await gateWith(main, { jwks: { keys: main.keys.map(({ jwk }) => jwk) } })
    expectAllowed(await read(gate, await main.token()))
    const stranger = await main.sign(JSON.stringify(main.claims()), {}, await createTestKey())
    expectRefusal(await read(gate, stranger), 'unknown_key')
    expect(main.requests.size).toBe(0)
  })

  it('are a URL, without discovery', async () => {
    const main = await startServer()
    const gate = await gateWith(main, { jwksUri: `${main.issuer}/jwks` })
    expectAllowed(await read(gate, await main.token()))
    expect([...main.requests.keys()]).toEqual(['/jwks'])
  })

  it('are a file, read again for an unknown kid', async () => {
    const main = await startServer()
    const directory = await mkdtemp(join(tmpdir(), 'scopegate-keys-'))
    opened.push({
      close: async () => {
        await rm(directory, { recursive: true })
      },
    })
    const jwksFile = join(directory, 'jwks.json')
    const write = async (): Promise<void> => {
      await writeFile(jwksFile, JSON.stringify({ keys: main.keys.map(({ jwk }) => jwk) }))
    }
    await write()
    const gate = await gateWith(main, { jwksFile })
    expectAllowed(await read(gate, await main.token()))
    main.keys = [await createTestKey()]
    await write()
    expectAllowed(await read(gate, await main.token()))
    await writeFile(jwksFile, '{')
    expectAllowed(await read(gate, await main.token()))
    expect(main.requests.size).toBe(0)
  })
})
