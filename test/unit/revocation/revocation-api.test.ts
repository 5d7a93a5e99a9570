/** The page of the admin port: who may revoke, what is answered, and what is then in force. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RevocationService } from '../../../src/revocation/index.js'
import { startAdminServer, type AdminServer } from '../../../src/telemetry/index.js'
import {
  adminToken,
  createRevocationWorld,
  type RevocationWorld,
} from '../../support/revocation-world.js'
import { identifiers } from '../../support/revocations.js'

let world: RevocationWorld
beforeEach(() => {
  world = createRevocationWorld()
})

describe('the page /revocations', () => {
  let server: AdminServer
  let service: RevocationService
  let url: string

  async function serve(next: RevocationService): Promise<void> {
    service = next
    const others = {
      registry: { contentType: 'text/plain', metrics: async () => '' },
      readiness: { report: () => ({ ready: true, components: {} }) },
      issuers: () => [],
    } as const
    server = await startAdminServer('127.0.0.1:0', others as never, service.pages())
    url = `http://${server.address}/revocations`
  }

  beforeEach(async () => {
    const created = world.create()
    await created.start()
    await serve(created)
  })

  afterEach(async () => {
    service.close()
    await server.close()
  })

  async function ask(
    body?: unknown,
    authorization: string | undefined = `Bearer ${adminToken}`,
  ): Promise<{ status: number; body: unknown; challenge: string | null }> {
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { connection: 'close', ...(authorization === '' ? {} : { authorization }) },
      ...(body === undefined
        ? {}
        : {
            body:
              typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
          }),
    })
    const { status, headers } = response
    return { status, body: await response.json(), challenge: headers.get('www-authenticate') }
  }

  const notJson = 'the body is not a JSON object in UTF-8 with every name once'
  const alice = { issuer: 'main', sub: 'alice', ttlSeconds: 60 }

  it('revokes here, where there is no store, and says what it took', async () => {
    const end = new Date(world.clock.wallMs() + 60_000).toISOString()
    expect(await ask({ ...alice, issuedBefore: 900 })).toEqual({
      status: 201,
      challenge: null,
      body: { issuer: 'main', sub: 'alice', issuedBefore: 900, until: end, replicas: 'this one' },
    })
    expect(service.judge(identifiers({ issuedAtSeconds: 900 }))).toBe('revoked')
    expect(service.judge(identifiers({ issuedAtSeconds: 901 }))).toBeUndefined()
    expect(world.observer.counted.mock.calls).toEqual([['api', 'taken']])
    expect(JSON.stringify(world.observer.noted.mock.calls)).not.toContain('alice')
  })

  it('counts what is in force', async () => {
    await ask(alice)
    await ask({ issuer: 'https://main.example', kid: 'k', ttlSeconds: 60 })
    expect(await ask()).toEqual({
      status: 200,
      challenge: null,
      body: { entries: { jti: 0, sub: 1, clientId: 0, sid: 0, kid: 1 }, maxEntries: 2 },
    })
  })

  it.each([
    ['no credentials', '', 'Bearer realm="scopegate-admin"'],
    [
      'another token',
      `Bearer ${adminToken}x`,
      'Bearer realm="scopegate-admin", error="invalid_token"',
    ],
  ])('challenges %s, whatever is asked', async (_name, authorization, challenge) => {
    expect(await ask(undefined, authorization)).toMatchObject({ status: 401, challenge })
    expect(await ask(alice, authorization)).toMatchObject({ status: 401, challenge })
    expect(service.isIdle).toBe(true)
    expect(world.observer.counted.mock.calls).toEqual([
      ['api', 'unauthorized'],
      ['api', 'unauthorized'],
    ])
  })

  it('takes a new token as soon as it is in the file, and the old one no longer', async () => {
    const next = adminToken.toUpperCase()
    world.files['admin-token'] = next
    expect((await ask()).status).toBe(401)
    expect((await ask(undefined, `Bearer ${next}`)).status).toBe(200)
  })

  it.each([
    ['is gone', undefined, 'cannot be read'],
    ['has half a token', 'short', 'has fewer than 32 characters'],
  ])('answers nobody while the token file %s', async (_name, text, problem) => {
    if (text === undefined) delete world.files['admin-token']
    else world.files['admin-token'] = text
    expect(await ask(alice)).toMatchObject({
      status: 503,
      body: { message: 'the admin token file cannot be used' },
    })
    await ask()
    expect(world.observer.noted.mock.calls.map(([, , details]) => details)).toEqual([{ problem }])
    expect(service.isIdle).toBe(true)
  })

  it.each([
    ['no JSON', '{', { message: notJson }],
    ['a list', [], { message: notJson }],
    ['a name twice', '{"issuer":"main","jti":"a","jti":"b","ttlSeconds":9}', { message: notJson }],
    [
      'Latin-1',
      Buffer.from('{"issuer":"main","sub":"m\u00fcller","ttlSeconds":9}', 'latin1'),
      { message: notJson },
    ],
    [
      'a wrong field',
      { ...alice, ttlSeconds: 0 },
      { field: 'ttlSeconds', message: '"ttlSeconds" must be a whole number from 1 to 31622400' },
    ],
    [
      'an unknown issuer',
      { ...alice, issuer: 'x' },
      {
        field: 'issuer',
        message: '"issuer" is neither the id nor the iss of a configured issuer; ids are main',
      },
    ],
  ])('refuses %s and says why', async (_name, body, expected) => {
    expect(await ask(body)).toEqual({ status: 400, challenge: null, body: expected })
    expect(service.isIdle).toBe(true)
  })

  it('refuses a large body', async () => {
    expect(await ask({ ...alice, sub: 'x'.repeat(1_000_000) })).toMatchObject({
      status: 413,
      body: { message: 'a body has at most 16384 bytes' },
    })
  })

  it('is not done before every worker of the gate has it', async () => {
    world.tellWorkers = async () => {
      throw new Error('no answer')
    }
    expect(await ask(alice)).toMatchObject({
      status: 503,
      body: { message: 'not in force in every worker of this replica yet: send it again' },
    })
    expect(service.judge(identifiers({ sub: 'alice' }))).toBe('revoked')
    expect(world.observer.counted.mock.calls).toEqual([['api', 'failed']])
    world.tellWorkers = async () => undefined
    expect((await ask(alice)).status).toBe(201)
  })

  it('says loudly that the list is full, and keeps what it has', async () => {
    for (const sub of ['alice', 'bob']) expect((await ask({ ...alice, sub })).status).toBe(201)
    expect(await ask({ ...alice, sub: 'carol' })).toMatchObject({
      status: 503,
      body: { message: 'the list is full (maxEntries): nothing was revoked' },
    })
    expect(service.judge(identifiers())).toBe('revoked')
    expect(world.observer.counted.mock.calls.at(-1)).toEqual(['api', 'full'])
  })

  it('says that all replicas know only after the store took it', async () => {
    await server.close()
    service.close()
    await serve(await world.startWithStore())
    expect(await ask(alice)).toMatchObject({ status: 201, body: { replicas: 'all' } })
    world.put = async () => {
      throw new Error('the store is away')
    }
    expect(await ask({ ...alice, sub: 'bob' })).toMatchObject({
      status: 503,
      body: {
        message: 'in force in this replica only, because the store did not take it: send it again',
      },
    })
    expect(service.judge(identifiers({ sub: 'bob' }))).toBe('revoked')
    world.listener?.lost('gone')
    expect((await ask()).body).toMatchObject({ storeFault: 'gone' })
  })

  it('is not there without a token file', () => {
    expect(world.create({ adminTokenFile: undefined }).pages().size).toBe(0)
  })
})
