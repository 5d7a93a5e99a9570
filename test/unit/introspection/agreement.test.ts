/** What a JWT and the answer about it amount to together: nothing is gained by an answer, and contradictions are refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { agreedToken } from '../../../src/introspection/agreement.js'
import type { VerifiedAccessToken } from '../../../src/token/index.js'

type Claims = Readonly<Record<string, unknown>>

const cid = (claims: unknown): unknown => (claims as Claims)['cid']

function token(claims: Claims, changes: Partial<VerifiedAccessToken> = {}): VerifiedAccessToken {
  const { sub } = claims
  return {
    issuerId: 'main',
    subject: typeof sub === 'string' ? sub : undefined,
    audiences: ['https://api.example.com'],
    isSenderConstrained: false,
    kid: 'key',
    claims,
    ...changes,
  }
}

function agreed(
  claims: Claims,
  members: Claims,
  mine: Partial<VerifiedAccessToken> = {},
  theirs: Partial<VerifiedAccessToken> = {},
): VerifiedAccessToken | undefined {
  const said = { claims, members, clientPlaces: [cid] }
  return agreedToken(token(claims, mine), token(members, { audiences: [], ...theirs }), said)
}

describe('the client', () => {
  it.each<[string, Claims, Claims]>([
    ['at the place of the issuer and as client_id', { cid: 'app' }, { client_id: 'app' }],
    ['as azp and as client_id', { azp: 'app' }, { client_id: 'app' }],
    ['in one of them only', {}, { client_id: 'app' }],
    ['in neither', {}, {}],
    ['with a name in common', { cid: 'app', azp: 'old' }, { client_id: 'app' }],
  ])('may be named %s', (_name, claims, members) => {
    expect(agreed(claims, members)).toBeDefined()
  })

  it.each<[string, Claims, Claims]>([
    ['at the place of the issuer and as client_id', { cid: 'app' }, { client_id: 'other' }],
    ['at the place of the issuer in both', { cid: 'app', azp: 'x' }, { cid: 'other', azp: 'x' }],
    ['as client_id beside an azp that agrees', { azp: 'a', client_id: 'b' }, { client_id: 'a' }],
    ['as a list', { cid: 'app' }, { client_id: ['app'] }],
  ])('is another one %s', (_name, claims, members) => {
    expect(agreed(claims, members)).toBeUndefined()
  })
})

describe('what only the answer says', () => {
  it('counts for revocation and delegation', () => {
    const members = { sub: 'alice', jti: 'j', sid: 's', client_id: 'app', act: { sub: 'agent' } }
    const both = agreed({ cid: 'app' }, { ...members, roles: ['admin'] })
    expect(both?.subject).toBe('alice')
    expect(both?.claims).toEqual({
      cid: 'app',
      jti: 'j',
      sid: 's',
      client_id: 'app',
      act: { sub: 'agent' },
    })
  })
})

describe('the actor', () => {
  it.each<[unknown, unknown, boolean]>([
    [{ sub: 'a' }, { sub: 'a' }, true],
    [{ sub: 'a', act: { sub: 'b' } }, { sub: 'a', act: { sub: 'c' } }, true],
    [{ sub: 'a', iss: 'x' }, { sub: 'a' }, true],
    [{ sub: 'a', iss: 'x' }, { sub: 'a', iss: 'y' }, false],
    [{ sub: 'a' }, { sub: 'b' }, false],
    [{ sub: 'a' }, null, false],
    ['a', 'a', false],
  ])('%j and %j', (ours, theirs, isSame) => {
    expect(agreed({ act: ours }, { act: theirs }) !== undefined).toBe(isSame)
  })
})

describe('the audience', () => {
  const [one, two] = ['https://one.example', 'https://two.example']
  it.each<[string[], string[], string[] | undefined]>([
    [[one, two], [], [one, two]],
    [[one, two], [two], [two]],
    [[one], [two], undefined],
    [[], [two], [two]],
  ])('of %j and %j', (ours, theirs, common) => {
    const mine = { audiences: ours, isAudienceWaived: ours.length === 0 }
    expect(agreed({}, {}, mine, { audiences: theirs })?.audiences).toEqual(common)
  })

  it('is waived only where neither has one', () => {
    const mine = { audiences: [], isAudienceWaived: true }
    expect(agreed({}, {}, mine)?.isAudienceWaived).toBe(true)
    expect(agreed({}, {}, mine, { audiences: [one] })?.isAudienceWaived).toBe(false)
  })
})

describe('the scopes', () => {
  it('are those of the JWT that the answer has too, and what either lacks is not known to be missing', () => {
    const both = agreed({ scope: 'read write', scp: ['write', 'admin'] }, { scope: 'read' })
    expect(both?.claims).toEqual({
      scope: 'read',
      scp: [],
      _claim_names: { scope: 'introspection', scp: 'introspection' },
    })
  })

  it('are as they are when both have the same', () => {
    expect(agreed({ scope: 'read write' }, { scope: ['write', 'read'] })?.claims).toEqual({
      scope: 'read write',
    })
  })

  it('keep what the JWT says to be elsewhere', () => {
    const claims = { scope: 'read', _claim_names: { groups: 'src' } }
    expect(agreed(claims, { scope: 'read write' })?.claims['_claim_names']).toEqual({
      groups: 'src',
      scope: 'introspection',
    })
  })

  it('never grow by an answer, whatever it is', () => {
    const names = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 4 })
    const answer = fc.oneof(
      names,
      names.map((all) => all.join(' ')),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(names, answer, (granted, scope) => {
        const scp = [...granted]
        const left = agreed({ scope: granted.join(' '), scp }, { scope })?.claims
        if (left === undefined) return
        const all = new Set<string>(granted)
        expect((left['scp'] as string[]).every((name) => all.has(name))).toBe(true)
        const texts = (left['scope'] as string).split(' ').filter((name) => name !== '')
        expect(texts.every((name) => all.has(name))).toBe(true)
      }),
    )
  })
})
