/** Opaque tokens through a whole gate: what the issuer is asked, and what its answer makes of a token. */
import { describe, expect, it } from 'vitest'
import { sendJson } from '../../support/authorization-server.js'
import {
  endpoint,
  issuer,
  reasonOf,
  seconds,
  setUp,
  start,
  type Settings,
} from '../../support/introspection-world.js'

setUp()

describe('a question', () => {
  it('has the token, a hint and form-urlencoded Basic credentials', async () => {
    await start()
    expect(await reasonOf('opaque')).toBe('none')
    const [{ form, headers, method }] = endpoint.asked as [(typeof endpoint.asked)[0]]
    expect(method).toBe('POST')
    expect(Object.fromEntries(form)).toEqual({ token: 'opaque', token_type_hint: 'access_token' })
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded')
    const pair = Buffer.from(headers.authorization!.replace('Basic ', ''), 'base64').toString()
    expect(pair).toBe('the+gate:not+a+secret%3A+of+the+tests')
  })

  it('is asked once, however many ask, and not again while the answer is believed', async () => {
    await start()
    const reasons = await Promise.all(Array.from({ length: 200 }, () => reasonOf('opaque')))
    expect(new Set(reasons)).toEqual(new Set(['none']))
    expect(await reasonOf('opaque')).toBe('none')
    expect(endpoint.asked).toHaveLength(1)
  })

  it('is asked every time when nothing is to be remembered', async () => {
    await start({ cacheSeconds: 0, negativeCacheSeconds: 0 })
    expect(await reasonOf('opaque')).toBe('none')
    endpoint.members = { active: false }
    expect(await reasonOf('opaque')).toBe('inactive_token')
    endpoint.members = { ...endpoint.members, active: false }
    expect(await reasonOf('opaque')).toBe('inactive_token')
    expect(endpoint.asked).toHaveLength(3)
  })

  it('is not asked again about an inactive token for a while', async () => {
    await start()
    endpoint.members = { active: false }
    expect(await reasonOf('opaque')).toBe('inactive_token')
    expect(await reasonOf('opaque')).toBe('inactive_token')
    expect(endpoint.asked).toHaveLength(1)
  })

  it('is not asked about JWTs, which are verified here, nor about those of others', async () => {
    await start()
    expect(await reasonOf(await issuer.token())).toBe('none')
    expect(await reasonOf(await issuer.token({ iss: 'https://other.example' }))).toBe(
      'unknown_issuer',
    )
    expect(await reasonOf('a.b.c')).toBe('malformed_token')
    expect(endpoint.asked).toHaveLength(0)
  })
})

describe('an answer', () => {
  const now = seconds()
  it.each<[string, Settings, string]>([
    ['that is active', {}, 'none'],
    ['with the issuer and times', { exp: now + 60, nbf: now - 9, iat: now - 9 }, 'none'],
    ['of a Bearer token', { token_type: 'Bearer' }, 'none'],
    ['with active as text', { active: 'true' }, 'inactive_token'],
    ['with active as a number', { active: 1 }, 'inactive_token'],
    ['without active', { active: undefined }, 'inactive_token'],
    ['of another issuer', { iss: 'https://other.example' }, 'unknown_issuer'],
    ['for another audience', { aud: ['https://other.example'] }, 'wrong_audience'],
    ['for nobody', { aud: undefined }, 'missing_claim'],
    ['for a number', { aud: 7 }, 'invalid_claim'],
    ['that expired', { exp: now - 600 }, 'expired'],
    ['whose end is text', { exp: String(now + 600) }, 'invalid_claim'],
    ['that is not valid yet', { nbf: now + 600 }, 'not_yet_valid'],
    ['of a refresh token', { token_type: 'refresh_token' }, 'wrong_type'],
    ['of a refresh token of Hydra', { token_use: 'refresh_token' }, 'wrong_type'],
    ['of a refresh token of Keycloak', { typ: 'Refresh' }, 'wrong_type'],
    ['bound to a key', { cnf: { jkt: 'x' } }, 'unverifiable_confirmation'],
    ['of a DPoP token', { token_type: 'DPoP' }, 'unverifiable_confirmation'],
    ['without the scope', { scope: 'read' }, 'insufficient_scope'],
    ['with a subject that is a list', { sub: ['alice'] }, 'invalid_claim'],
  ])('%s', async (_name, changes, reason) => {
    endpoint.members = { ...endpoint.members, ...changes }
    await start()
    expect(await reasonOf('opaque')).toBe(reason)
    expect(await reasonOf('opaque')).toBe(reason)
  })

  it('without an audience counts for the clients that are listed', async () => {
    endpoint.members = { ...endpoint.members, aud: undefined }
    endpoint.answer = (response, { form }) => {
      sendJson(response, { ...endpoint.members, client_id: form.get('token') })
    }
    await start({}, { audience: 'optional', clients: ['app'] })
    expect(await reasonOf('app')).toBe('none')
    expect(await reasonOf('other')).toBe('client_not_allowed')
  })

  it('is not believed beyond the end of the token', async () => {
    endpoint.answer = (response) => {
      sendJson(response, { ...endpoint.members, exp: seconds() })
    }
    await start()
    expect(await reasonOf('opaque')).toBe('none') // Within the tolerance.
    expect(await reasonOf('opaque')).toBe('none')
    expect(endpoint.asked).toHaveLength(2)
  })
})
