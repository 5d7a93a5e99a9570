/** The list: what an entry refuses, for how long, and that nothing makes it weaker. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RevocationList } from '../../../src/revocation/revocation-list.js'
import { revocationKinds, type Revocation } from '../../../src/revocation/revocation.js'
import { identifiers, revocation } from '../../support/revocations.js'

function listOf(...revocations: readonly Revocation[]): RevocationList {
  const list = new RevocationList(100)
  for (const entry of revocations) list.add(entry, 0)
  return list
}

const values = { jti: 'j1', sub: 'alice', clientId: 'app', sid: 's1', kid: 'k1' }

describe('an entry', () => {
  it.each(revocationKinds)('refuses tokens by %s', (kind) => {
    const list = listOf(revocation({ kind, value: values[kind] }))
    expect(list.isRevoked(identifiers(), 0)).toBe(true)
    const without = { jti: undefined, sub: undefined, clientIds: [], sid: undefined }
    expect(list.isRevoked(identifiers({ ...without, kid: undefined }), 0)).toBe(false)
  })

  it('refuses by every place where a token names its client', () => {
    const list = listOf(revocation({ kind: 'clientId', value: 'party' }))
    expect(list.isRevoked(identifiers(), 0)).toBe(true)
    expect(list.isRevoked(identifiers({ clientIds: ['app'] }), 0)).toBe(false)
  })

  it('refuses nothing of another issuer, another kind or another spelling', () => {
    const list = listOf(revocation())
    expect(list.isRevoked(identifiers({ issuerId: 'partner' }), 0)).toBe(false)
    expect(list.isRevoked(identifiers({ sub: 'bob', jti: 'alice' }), 0)).toBe(false)
    expect(list.isRevoked(identifiers({ sub: 'Alice' }), 0)).toBe(false)
    expect(listOf(revocation({ value: '__proto__' })).isRevoked(identifiers(), 0)).toBe(false)
  })

  it('ends by its time, to the millisecond', () => {
    const list = listOf(revocation())
    expect(list.isRevoked(identifiers(), 9_999)).toBe(true)
    expect(list.isRevoked(identifiers(), 10_000)).toBe(false)
  })

  it('of a moment refuses what was issued up to that second', () => {
    const list = listOf(revocation({ issuedBeforeSeconds: 1_000 }))
    const at = (issuedAtSeconds: number | undefined): boolean =>
      list.isRevoked(identifiers({ issuedAtSeconds }), 0)
    expect([at(999), at(1_000), at(1_000.5), at(1_001)]).toEqual([true, true, true, false])
    expect(at(undefined)).toBe(true)
  })
})

describe('two entries for the same value', () => {
  it('last as long as the longer one, in either order', () => {
    const [short, long] = [revocation({ untilMs: 5_000 }), revocation({ untilMs: 20_000 })]
    for (const list of [listOf(short, long), listOf(long, short)]) {
      expect(list.isRevoked(identifiers(), 19_999)).toBe(true)
      expect(list.size).toBe(1)
    }
  })

  it('of which one is of a moment end each for itself', () => {
    const all = revocation({ untilMs: 5_000 })
    const old = revocation({ issuedBeforeSeconds: 900, untilMs: 20_000 })
    for (const list of [listOf(all, old), listOf(old, all)]) {
      expect(list.isRevoked(identifiers(), 4_999)).toBe(true)
      expect(list.isRevoked(identifiers(), 5_000)).toBe(false)
      expect(list.isRevoked(identifiers({ issuedAtSeconds: 900 }), 19_999)).toBe(true)
    }
  })

  it('never refuse less than each of them did', () => {
    const entry = fc.record({
      issuerId: fc.constant('main'),
      kind: fc.constant('sub' as const),
      value: fc.constantFrom('alice', 'bob'),
      issuedBeforeSeconds: fc.option(fc.integer({ min: 990, max: 1_010 }), { nil: undefined }),
      untilMs: fc.integer({ min: 1, max: 20 }),
    })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
        const [forward, backward] = [listOf(...entries), listOf(...entries.toReversed())]
        for (let now = 0; now <= 20; now += 4) {
          for (let iat = 989; iat <= 1_011; iat += 2) {
            const token = identifiers({ issuedAtSeconds: iat })
            const isRefused = entries.some((one) => listOf(one).isRevoked(token, now))
            if (isRefused && !forward.isRevoked(token, now)) return false
            if (forward.isRevoked(token, now) !== backward.isRevoked(token, now)) return false
          }
        }
        return true
      }),
    )
  })
})

describe('the bound', () => {
  it('refuses what is new, keeps what there is, and still strengthens it', () => {
    const list = new RevocationList(2)
    expect(list.add(revocation({ value: 'a' }), 0)).toBe('taken')
    expect(list.add(revocation({ value: 'b' }), 0)).toBe('taken')
    expect(list.add(revocation({ value: 'c' }), 0)).toBe('full')
    expect(list.add(revocation({ value: 'a' }), 0)).toBe('known')
    expect(list.add(revocation({ value: 'a', untilMs: 11_000 }), 0)).toBe('taken')
    expect(list.isRevoked(identifiers({ sub: 'b' }), 0)).toBe(true)
    expect(list.isRevoked(identifiers({ sub: 'c' }), 0)).toBe(false)
  })

  it('gives the room of what ended to others', () => {
    const list = new RevocationList(1)
    list.add(revocation({ value: 'a' }), 0)
    expect(list.add(revocation({ value: 'b', untilMs: 20_000 }), 9_999)).toBe('full')
    expect(list.add(revocation({ value: 'b', untilMs: 20_000 }), 10_000)).toBe('taken')
    expect(list.counts()).toEqual({ jti: 0, sub: 1, clientId: 0, sid: 0, kid: 0 })
  })

  it('does not take what has ended', () => {
    const list = new RevocationList(1)
    expect(list.add(revocation(), 10_000)).toBe('known')
    expect(list.size).toBe(0)
  })

  it('sweeps what ended and nothing else', () => {
    const list = listOf(
      revocation({ value: 'a' }),
      revocation({ value: 'b', untilMs: 20_000 }),
      revocation({ kind: 'kid', value: 'k', untilMs: Number.POSITIVE_INFINITY }),
    )
    list.sweep(10_000)
    expect(list.counts()).toEqual({ jti: 0, sub: 1, clientId: 0, sid: 0, kid: 1 })
    list.sweep(Number.MAX_SAFE_INTEGER)
    expect(list.size).toBe(1)
  })
})

describe('the entries of a list', () => {
  it('make another list as strict as this one, and hold nothing that ended', () => {
    const untilMs = 20_000
    const entries = [
      revocation({ value: 'both', untilMs }),
      revocation({ value: 'both', issuedBeforeSeconds: 5, untilMs: 30_000 }),
      revocation({ kind: 'kid', value: 'k', untilMs: Number.POSITIVE_INFINITY }),
    ]
    const list = listOf(...entries, revocation({ value: 'short', untilMs: 11_000 }))
    expect(list.entries(11_000)).toEqual(entries)
    expect(listOf(...list.entries(11_000)).entries(25_000)).toEqual(entries.slice(1))
  })
})
