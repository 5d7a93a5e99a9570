/** Revocations of tokens that their issuer was asked about: they count at once, also against an answer that still counts. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sendJson } from '../../support/authorization-server.js'
import {
  endpoint,
  gate,
  issuer,
  reasonOf,
  seconds,
  setUp,
  start,
  type Settings,
} from '../../support/introspection-world.js'
import { adminToken } from '../../support/revocation-world.js'

setUp()

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'scopegate-revocation-'))
  await writeFile(join(directory, 'admin-token'), adminToken)
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

/** Starts a gate whose answers count for long, and whose tokens say everything that can be revoked. */
async function startRevocable(more: Settings = {}, introspection: Settings = {}): Promise<void> {
  const revocation = { adminTokenFile: join(directory, 'admin-token') }
  endpoint.answer = (response, { form }) => {
    const jti = `jti of ${form.get('token') ?? ''}`
    sendJson(response, { sid: 'session', iat: seconds(), jti, ...endpoint.members })
  }
  await start({ cacheSeconds: 300, ...introspection }, more, { revocation })
}

async function revoke(entry: Settings): Promise<void> {
  const response = await fetch(`http://${gate!.addresses.admin}/revocations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}` },
    body: JSON.stringify({ issuer: 'main', ttlSeconds: 60, ...entry }),
  })
  expect(response.status).toBe(201)
}

describe('the revocation of an introspected token', () => {
  it.each<[string, Settings]>([
    ['jti', { jti: 'jti of opaque' }],
    ['sub', { sub: 'alice' }],
    ['client_id', { clientId: 'app' }],
    ['sid', { sid: 'session' }],
    ['sub and time', { sub: 'alice', issuedBefore: 'now' }],
  ])('by %s counts at once, and for a token that was never seen', async (_name, entry) => {
    await startRevocable()
    expect(await reasonOf('opaque')).toBe('none')
    const issuedBefore = entry['issuedBefore'] === 'now' ? { issuedBefore: seconds() + 5 } : {}
    await revoke({ ...entry, ...issuedBefore })
    expect(await reasonOf('opaque')).toBe('revoked')
    expect(endpoint.asked).toHaveLength(1)
    expect(await reasonOf('other')).toBe('jti' in entry ? 'none' : 'revoked')
  })

  it.each<[string, Settings]>([
    ['jti', { jti: 'jti of other' }],
    ['sub', { sub: 'mallory' }],
    ['client_id', { clientId: 'other' }],
    ['sid', { sid: 'app' }],
    ['kid', { kid: 'alice' }],
    ['time of before', { sub: 'alice', issuedBefore: 1_000 }],
  ])('by another %s harms no other token', async (_name, entry) => {
    await startRevocable()
    await revoke(entry)
    expect(await reasonOf('opaque')).toBe('none')
  })

  it.each<[string, Settings, Settings]>([
    ['azp', { client_id: undefined, azp: 'party' }, { clientId: 'party' }],
    ['azp beside client_id', { azp: 'party' }, { clientId: 'party' }],
    ['client_id beside azp', { azp: 'party' }, { clientId: 'app' }],
  ])('by %s of its client counts', async (_name, changes, entry) => {
    endpoint.members = { ...endpoint.members, ...changes }
    await startRevocable()
    expect(await reasonOf('opaque')).toBe('none')
    await revoke(entry)
    expect(await reasonOf('opaque')).toBe('revoked')
  })

  it('by time counts for one whose answer says no time', async () => {
    endpoint.members = { ...endpoint.members, iat: undefined }
    endpoint.answer = (response) => {
      sendJson(response, endpoint.members)
    }
    const { answer } = endpoint
    await startRevocable()
    endpoint.answer = answer
    await revoke({ sub: 'alice', issuedBefore: 1_000 })
    expect(await reasonOf('opaque')).toBe('revoked')
  })

  it('counts while the circuit is open and the token is known', async () => {
    await startRevocable()
    expect(await reasonOf('opaque')).toBe('none')
    endpoint.answer = (response) => response.writeHead(503).end()
    for (let i = 0; i < 5; i++) await reasonOf(`new-${String(i)}`)
    await revoke({ sid: 'session' })
    expect(await reasonOf('opaque')).toBe('revoked')
  })

  it.each<[string, Settings]>([
    ['jti', { jti: 'of the JWT' }],
    ['sid', { sid: 'of the JWT' }],
    ['client_id', { clientId: 'app' }],
  ])('by %s of a JWT counts beside its active answer', async (_name, entry) => {
    endpoint.members = { ...endpoint.members, jti: undefined, sid: undefined }
    await startRevocable({ tokenCheck: 'both' })
    const token = await issuer.token({ jti: 'of the JWT', sid: 'of the JWT' })
    expect(await reasonOf(token)).toBe('none')
    await revoke(entry)
    expect(await reasonOf(token)).toBe('revoked')
  })

  it('by what only the answer about a JWT says counts too', async () => {
    endpoint.members = { ...endpoint.members, jti: undefined }
    await startRevocable({ tokenCheck: 'both' })
    const token = await issuer.token()
    expect(await reasonOf(token)).toBe('none')
    await revoke({ sid: 'session' })
    expect(await reasonOf(token)).toBe('revoked')
  })
})
