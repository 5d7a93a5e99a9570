/** JWTs whose signature and whose issuer's word both count: whoever of the two says no is heard. */
import { describe, expect, it } from 'vitest'
import { createTestKey, sendJson, testAudience } from '../../support/authorization-server.js'
import {
  endpoint,
  issuer,
  reasonOf,
  setUp,
  start,
  type Settings,
} from '../../support/introspection-world.js'
import { until } from '../../support/until.js'

setUp()

const always = { cacheSeconds: 0, negativeCacheSeconds: 0 }
const both = { tokenCheck: 'both' }

describe('both', () => {
  it.each<[string, Settings]>([
    ['all that the JWT says', {}],
    ['only that it is active', { aud: undefined, sub: undefined, client_id: undefined }],
    ['the client as azp', { client_id: undefined, azp: 'app' }],
    ['a scope that the JWT has not', { scope: 'read:users create:users' }],
    ['its scopes as a list', { scope: ['read:users'] }],
    ['more audiences', { aud: ['https://other.example', testAudience] }],
  ])('allows when the answer has %s', async (_name, changes) => {
    endpoint.members = { ...endpoint.members, ...changes }
    await start({}, both)
    expect(await reasonOf(await issuer.token())).toBe('none')
  })

  it.each<[string, Settings, string]>([
    ['is not active', { active: false }, 'inactive_token'],
    ['is active only as text', { active: 'true' }, 'inactive_token'],
    ['has another sub', { sub: 'mallory' }, 'introspection_mismatch'],
    ['has a sub in other case', { sub: 'Alice' }, 'introspection_mismatch'],
    ['has null for sub', { sub: null }, 'invalid_claim'],
    ['has another client_id', { client_id: 'other' }, 'introspection_mismatch'],
    ['has another azp', { client_id: undefined, azp: 'other' }, 'introspection_mismatch'],
    ['has a list of clients', { client_id: ['app'] }, 'introspection_mismatch'],
    ['has a list that is the subject', { sub: ['alice'] }, 'invalid_claim'],
    ['has another jti', { jti: 'another' }, 'introspection_mismatch'],
    ['has another session', { sid: 'another' }, 'introspection_mismatch'],
    ['has another actor', { act: { sub: 'mallory' } }, 'introspection_mismatch'],
    ['has an actor without a name', { act: 'agent' }, 'introspection_mismatch'],
    ['is for other audiences', { aud: ['https://other.example'] }, 'introspection_mismatch'],
    ['has lost the scope', { scope: 'create:users' }, 'insufficient_scope'],
    ['has no scope left', { scope: '' }, 'insufficient_scope'],
    ['has no list of scopes', { scope: { 'read:users': true } }, 'introspection_mismatch'],
    ['has null for its scopes', { scope: null }, 'introspection_mismatch'],
    ['is bound to a key', { cnf: { jkt: 'k' } }, 'unverifiable_confirmation'],
    ['is of another issuer', { iss: 'https://other.example' }, 'unknown_issuer'],
    ['is of a refresh token', { token_type: 'refresh_token' }, 'wrong_type'],
    ['expired', { exp: 1 }, 'expired'],
  ])('refuses when the answer %s', async (_name, changes, reason) => {
    endpoint.members = { ...endpoint.members, ...changes }
    await start({}, both)
    const act = changes['act'] === undefined ? undefined : { sub: 'agent' }
    const token = await issuer.token({ jti: 'this', sid: 'this', act })
    expect(await reasonOf(token)).toBe(reason)
    expect(await reasonOf(token)).toBe(reason)
  })

  it('is delegated where only the answer says so', async () => {
    endpoint.members = { ...endpoint.members, act: { sub: 'agent' } }
    await start({}, both)
    expect(await reasonOf(await issuer.token())).toBe('delegation_not_allowed')
  })

  it('has the subject where the issuer has it, and the answer need not have it', async () => {
    endpoint.members = { ...endpoint.members, sub: undefined }
    await start({}, { ...both, subject: '/user' })
    const token = await issuer.token({ user: 'u-1' })
    expect(await reasonOf(token)).toBe('none')
    endpoint.members = { ...endpoint.members, user: 'u-2' }
    expect(await reasonOf(await issuer.token({ user: 'u-1', jti: 'next' }))).toBe(
      'introspection_mismatch',
    )
  })

  it('takes no right from the answer that the JWT has not', async () => {
    await start({}, both)
    expect(await reasonOf(await issuer.token({ scope: 'read' }))).toBe('insufficient_scope')
  })

  it('tells the issuer nothing of a JWT that is not genuine', async () => {
    await start(always, both)
    const stranger = await createTestKey()
    const forged = issuer.sign(JSON.stringify(issuer.claims()), {}, stranger)
    expect(await reasonOf(await forged)).toBe('unknown_key')
    expect(await reasonOf(await issuer.token({ aud: undefined }))).toBe('missing_claim')
    expect(endpoint.asked).toHaveLength(0)
  })

  it('asks again when the answer has aged, and believes the newer one', async () => {
    await start(always, both)
    const token = await issuer.token()
    expect(await reasonOf(token)).toBe('none')
    endpoint.members = { active: false }
    expect(await reasonOf(token)).toBe('inactive_token')
    endpoint.answer = (response) => response.writeHead(503).end()
    expect(await reasonOf(token)).toBe('introspection_unavailable')
  })

  it('ends with the key, although the answer still counts', async () => {
    await start({ cacheSeconds: 300 }, both)
    const token = await issuer.token()
    expect(await reasonOf(token)).toBe('none')
    expect(await reasonOf(token)).toBe('none')
    expect(endpoint.asked).toHaveLength(1)
    issuer.keys = [await createTestKey()]
    expect(await reasonOf(await issuer.token())).toBe('none') // By the new key, which the gate looks up.
    expect(await reasonOf(token)).toBe('unknown_key')
    expect(endpoint.asked).toHaveLength(2)
  })

  it('ends with the key that was withdrawn while the issuer was asked', async () => {
    let answerFirst: (() => void) | undefined
    endpoint.answer = (response) => {
      const answer = (): void => {
        sendJson(response, endpoint.members)
      }
      if (answerFirst === undefined) answerFirst = answer
      else answer()
    }
    await start({ cacheSeconds: 300, timeoutSeconds: 10 }, both, {
      limits: { decisionTimeoutMs: 9_000 },
    })
    const token = await issuer.token()
    const first = reasonOf(token)
    await until(() => answerFirst !== undefined)
    issuer.keys = [await createTestKey()]
    expect(await reasonOf(await issuer.token())).toBe('none')
    answerFirst?.()
    await first
    expect(await reasonOf(token)).toBe('unknown_key')
  })
})
