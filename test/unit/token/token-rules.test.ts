/** Rules for an issuer's tokens: what each test of a claim takes, and what a gate with rules decides. */
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { brokenTokenRule, noTokenRules, type TokenRules } from '../../../src/token/index.js'
import type { ClaimTest } from '../../../src/token/index.js'
import {
  startTestAuthorizationServer,
  testAudience,
  type TestAuthorizationServer,
} from '../../support/authorization-server.js'
import { startTestGate, testConfig, type TestGate } from '../../support/test-gate.js'

const at =
  (name: string) =>
  (claims: unknown): unknown =>
    (claims as Record<string, unknown>)[name]
const oneOf = (...values: unknown[]): ClaimTest => ({ kind: 'oneOf', values: new Set(values) })
const present: ClaimTest = { kind: 'present' }
const prefix: ClaimTest = { kind: 'prefix', prefix: 'spiffe://a/' }

function broken(
  kind: 'require' | 'refuse',
  test: ClaimTest,
  claims: Record<string, unknown>,
): boolean {
  const rules: TokenRules = { ...noTokenRules, [kind]: [{ read: at('c'), test }] }
  const reason = brokenTokenRule(rules, claims)
  if (reason !== undefined) {
    expect(reason).toBe(kind === 'require' ? 'required_claim' : 'refused_claim')
  }
  return reason !== undefined
}

describe('a claim that is required', () => {
  it.each<[string, ClaimTest, unknown]>([
    ['a value', oneOf('a'), 'a'],
    ['one of several values', oneOf('a', 1), 1],
    ['false where false is asked for', oneOf(false), false],
    ['a text with the beginning', prefix, 'spiffe://a/b'],
    ['what is there', present, 0],
  ])('may be %s', (_name, test, c) => {
    expect(broken('require', test, { c })).toBe(false)
  })

  it.each<[string, ClaimTest, unknown]>([
    ['missing', oneOf('a'), undefined],
    ['another value', oneOf('a'), 'b'],
    ['the value in another case', oneOf('a'), 'A'],
    ['the value in a list', oneOf('a'), ['a']],
    ['the value as another type', oneOf(1), '1'],
    ['true for a text', oneOf('true'), true],
    ['a text with another beginning', prefix, 'spiffe://b/'],
    ['a list with the beginning', prefix, ['spiffe://a/b']],
    ['missing where it must be there', present, undefined],
    ['null where it must be there', present, null],
    ['empty where it must be there', present, ''],
  ])('may not be %s', (_name, test, c) => {
    expect(broken('require', test, { c })).toBe(true)
  })
})

describe('a claim that is refused', () => {
  it.each<[string, ClaimTest, unknown]>([
    ['the value', oneOf('a'), 'a'],
    ['the value in a list', oneOf('a'), ['b', 'a']],
    ['a text with the beginning', prefix, 'spiffe://a/b'],
    ['a list with the beginning in it', prefix, ['x', 'spiffe://a/b']],
    ['there', present, {}],
    ['there and null', present, null],
    ['there and empty', present, ''],
  ])('may not be %s', (_name, test, c) => {
    expect(broken('refuse', test, { c })).toBe(true)
  })

  it.each<[string, ClaimTest, unknown]>([
    ['missing', oneOf('a'), undefined],
    ['another value', oneOf('a'), 'b'],
    ['a list of other values', oneOf('a'), ['b']],
    ['missing where it must not be there', present, undefined],
  ])('may be %s', (_name, test, c) => {
    expect(broken('refuse', test, { c })).toBe(false)
  })
})

describe('clients', () => {
  const rules: TokenRules = {
    ...noTokenRules,
    clients: { ids: new Set(['app']), places: [at('client_id'), at('azp')] },
  }

  it('are named by the first text there is', () => {
    expect(brokenTokenRule(rules, { client_id: 'app', azp: 'x' })).toBeUndefined()
    expect(brokenTokenRule(rules, { azp: 'app' })).toBeUndefined()
    expect(brokenTokenRule(rules, { client_id: 1, azp: 'app' })).toBeUndefined()
    expect(brokenTokenRule(rules, { client_id: 'x', azp: 'app' })).toBe('client_not_allowed')
  })

  it('must be named', () => {
    expect(brokenTokenRule(rules, {})).toBe('client_not_allowed')
    expect(brokenTokenRule(rules, { azp: ['app'] })).toBe('client_not_allowed')
  })
})

describe('a gate with rules', () => {
  let issuer: TestAuthorizationServer
  let gate: TestGate
  const foreign = 'https://org.example.com'

  beforeAll(async () => {
    issuer = await startTestAuthorizationServer()
    gate = await startTestGate(
      testConfig(issuer, {
        issuers: [
          {
            id: 'main',
            issuer: issuer.issuer,
            tokenTypes: 'lenient',
            audience: 'optional',
            clients: ['app'],
            allowIdTokens: true,
            refuseHeaders: ['nonce'],
            refuseIssuers: [foreign, issuer.issuer],
            subject: '/oid',
          },
        ],
        revocation: { file: resolve('test/vectors/revocation/mallory.yaml') },
      }),
    )
  })
  afterAll(async () => {
    await gate.close()
    await issuer.close()
  })

  async function reason(token: string): Promise<string | undefined> {
    const headers = { authorization: `Bearer ${token}` }
    return (await gate.client.check({ path: '/read', headers })).metadata['reason']
  }
  const of = async (
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
  ): Promise<string | undefined> =>
    await reason(await issuer.token({ oid: 'o', ...claims }, header))

  it('takes a token without an audience, and refuses a wrong or a strange one', async () => {
    expect(await of()).toBe('none')
    expect(await of({ aud: undefined })).toBe('none')
    expect(await of({ aud: `${testAudience}/` })).toBe('wrong_audience')
    for (const aud of [[], null, '', 1, [null]]) expect(await of({ aud })).toBe('invalid_claim')
  })

  it('takes the marks of an ID token where the operator allows them, and no logout token', async () => {
    expect(await of({ nonce: 'n', at_hash: 'x', token_use: 'id' })).toBe('none')
    expect(await of({ events: {} })).toBe('wrong_type')
    expect(await of({ token_use: 'refresh' })).toBe('wrong_type')
    expect(await of({}, { typ: 'logout+jwt' })).toBe('wrong_type')
  })

  it('knows the subject by the place that it is told', async () => {
    expect(await of({ oid: 'mallory', sub: 'alice' })).toBe('revoked')
    expect(await of({ oid: 'alice', sub: 'mallory' })).toBe('none')
    expect(await of({ oid: undefined })).toBe('missing_claim')
    for (const oid of ['', 1, null, ['alice'], 'x'.repeat(2_000)]) {
      expect(await of({ oid })).toBe('invalid_claim')
    }
  })

  it('says that a token is not for others before it looks at the signature', async () => {
    const [head = '', claims = '', signature = ''] = (await issuer.token({}, { nonce: 'n' })).split(
      '.',
    )
    const forged = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`
    expect(await reason(`${head}.${claims}.${forged}`)).toBe('token_not_for_third_parties')
    expect(await of({ iss: foreign })).toBe('token_not_for_third_parties')
    expect(await of({ iss: `${foreign}/` })).toBe('unknown_issuer')
  })
})
