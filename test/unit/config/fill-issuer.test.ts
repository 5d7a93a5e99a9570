/** What a preset fills in, and what it leaves alone. */
import { describe, expect, it } from 'vitest'
import { nameIssuer } from '../../../src/config/compile-template.js'
import { fillIssuer, type FilledIssuer } from '../../../src/config/fill-issuer.js'
import { issuerSchema } from '../../../src/config/schema-issuer.js'

function fill(entry: Record<string, unknown>): FilledIssuer {
  return fillIssuer(nameIssuer(issuerSchema.parse({ id: 'main', ...entry }), [], []))
}

const okta = { issuer: 'https://acme.okta.com/oauth2/default', preset: 'okta' }
const tid = '11111111-2222-3333-4444-555555555555'

describe('fillIssuer', () => {
  it('fills in what is left out', () => {
    expect(fill(okta)).toMatchObject({
      keys: { discovery: true },
      algorithms: ['RS256'],
      tokenTypes: 'lenient',
      claims: { scopes: ['/scp'], client: ['/cid'] },
      require: { '/cid': { present: true } },
      refuseIssuers: ['https://acme.okta.com'],
    })
  })

  it('leaves alone what is written, key by key', () => {
    const written = {
      algorithms: ['ES256'],
      tokenTypes: ['at+jwt'],
      refuseIssuers: ['https://x.example'],
      subject: '/uid',
      audience: 'optional',
      clients: ['app'],
    }
    expect(fill({ ...okta, ...written })).toMatchObject(written)
  })

  it('fills in claims, require and refuse member by member', () => {
    const filled = fill({
      ...okta,
      claims: { roles: ['/r'] },
      require: { '/cid': 'app', '/x': 1 },
      refuse: { '/y': 2 },
    })
    expect(filled.claims).toMatchObject({ roles: ['/r'], scopes: ['/scp'] })
    expect(filled.require).toEqual({ '/cid': 'app', '/x': 1 })
    expect(filled.refuse).toEqual({ '/y': 2 })
  })

  it.each<[unknown, unknown]>([
    ['pending', 'pending'],
    [['left'], ['pending', 'left']],
    ['left', ['pending', 'left']],
    [{ present: true }, { present: true }],
    [{ prefix: 'pend' }, { prefix: 'pend' }],
  ])('refuses %j beside what the preset refuses', (written, combined) => {
    const clerk = { issuer: 'https://x.clerk.accounts.dev', preset: 'clerk', clients: ['a'] }
    expect(fill({ ...clerk, refuse: { '/sts': written } }).refuse).toEqual({ '/sts': combined })
  })

  it('puts parts of the issuer into values', () => {
    const filled = fill({ issuer: `https://sts.windows.net/${tid}/`, preset: 'entra-v1' })
    expect(filled.require).toEqual({
      '/ver': '1.0',
      '/tid': tid,
      '/appid': { present: true },
    })
    expect(filled.keys.jwksUri).toBe(`https://login.microsoftonline.com/${tid}/discovery/keys`)
  })

  it('gives keys a source, and only where none is written', () => {
    const sa = { issuer: 'https://kubernetes.default.svc', preset: 'kubernetes-sa' }
    expect(fill({ ...sa, keys: { caFile: 'own.crt', refreshSeconds: 60 } }).keys).toMatchObject({
      jwksUri: 'https://kubernetes.default.svc/openid/v1/jwks',
      caFile: 'own.crt',
      bearerTokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
      refreshSeconds: 60,
    })
    const { keys } = fill({ ...sa, keys: { jwksFile: 'keys.json' } })
    expect([keys.jwksUri, keys.caFile, keys.bearerTokenFile]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(fill({ ...sa, keys: { discovery: true } }).keys.jwksUri).toBeUndefined()
    expect(fill({ issuer: 'https://issuer.example.com', keys: {} }).keys.discovery).toBe(true)
  })

  it('gives an issuer with a secret its algorithm', () => {
    expect(fill({ ...okta, keys: { secretFile: 'secret' } }).algorithms).toEqual(['HS256'])
  })
})
