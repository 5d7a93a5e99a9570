/** Places for what waits: who may wait, where, and that every place comes back. */
import { describe, expect, it } from 'vitest'
import { createAuthenticate, PendingAuthentication, TokenCache } from '../../../src/token/index.js'
import { Party, WaitingRoom } from '../../../src/token/waiting-room.js'
import { createFakeClock } from '../../support/fake-clock.js'
import { anyRoute, sentToken, settled } from '../../support/pending.js'

describe('a party', () => {
  it('has one place for its verification and the first who waits, and one for each other', () => {
    const room = new WaitingRoom(2)
    const party = Party.in(room)!
    expect([party.join(), room.taken]).toEqual([true, 1])
    expect([party.join(), room.taken]).toEqual([true, 2])
    expect([party.join(), room.taken]).toEqual([false, 2])
    expect(Party.in(room)).toBeUndefined()
  })

  it('keeps one place when all who waited have left', () => {
    const room = new WaitingRoom(5)
    const party = Party.in(room)!
    for (let i = 0; i < 3; i++) party.join()
    for (let i = 0; i < 3; i++) party.leave()
    expect(room.taken).toBe(1)
    party.end()
    expect(room.taken).toBe(0)
  })

  it('gives every place back once, however its end and its guests go', () => {
    const room = new WaitingRoom(5)
    const party = Party.in(room)!
    party.join()
    party.join()
    party.end()
    expect(room.taken).toBe(0)
    party.leave()
    expect([party.join(), room.taken]).toEqual([true, 0])
    party.leave()
    party.leave()
    expect(room.taken).toBe(0)
  })

  it('moves with all who wait, or not at all', () => {
    const [from, small, large] = [new WaitingRoom(5), new WaitingRoom(1), new WaitingRoom(2)]
    const party = Party.in(from)!
    party.join()
    party.join()
    expect([party.moveTo(small), from.taken, small.taken]).toEqual([false, 2, 0])
    expect([party.moveTo(large), from.taken, large.taken]).toEqual([true, 0, 2])
    expect([party.moveTo(large), large.taken]).toEqual([true, 2])
    party.end()
    expect(large.taken).toBe(0)
  })
})

describe('a crowd that waits for the keys of one issuer', () => {
  const limits = { maxTokens: 10, maxBytes: 1e6, maxRejections: 10, rejectionTtlMs: 10_000 }

  /** Tokens are named `issuer number`; those of an issuer in capitals wait for keys until told. */
  function setUp() {
    let finish = (): void => undefined
    const keys = new Promise<void>((resolve) => {
      finish = resolve
    })
    const authenticate = createAuthenticate(
      async (accessToken, mayWaitForKeys) => {
        const [issuerId = ''] = accessToken.split(' ')
        if (issuerId === issuerId.toUpperCase()) {
          if (!mayWaitForKeys(issuerId)) return { authentication: { kind: 'overloaded', issuerId } }
          await keys
        }
        return { authentication: { kind: 'rejected', reason: 'unknown_key', issuerId } }
      },
      new TokenCache(limits, createFakeClock()),
      {
        maxWaiting: 3,
        maxWaitingForKeys: new Map([
          ['A', 5],
          ['B', 5],
        ]),
      },
    )
    return {
      authenticate,
      finish: () => {
        finish()
      },
    }
  }

  it('is bounded by the issuer, and takes no place from another or from signatures', async () => {
    const { authenticate, finish } = setUp()
    const crowd = Array.from({ length: 5 }, (_, i) =>
      authenticate(sentToken(`A ${String(i)}`), anyRoute),
    )
    for (let i = 5; i < 100; i++) {
      expect(await settled(authenticate(sentToken(`A ${String(i)}`), anyRoute))).toEqual({
        kind: 'overloaded',
        issuerId: 'A',
      })
    }
    const other = authenticate(sentToken('B 1'), anyRoute)
    for (let i = 0; i < 100; i++) {
      expect(await settled(authenticate(sentToken(`c ${String(i)}`), anyRoute))).toMatchObject({
        kind: 'rejected',
      })
    }
    finish()
    for (const one of [...crowd, other]) {
      expect(await settled(one)).toMatchObject({ kind: 'rejected' })
    }
    expect(await settled(authenticate(sentToken('A again'), anyRoute))).toMatchObject({
      kind: 'rejected',
    })
  })

  it('is bounded also when all bring the same token', () => {
    const { authenticate } = setUp()
    const one = authenticate(sentToken('A 1'), anyRoute)
    if (!(one instanceof PendingAuthentication)) throw new Error('it has to wait')
    expect(authenticate(sentToken('A 1'), anyRoute)).toBe(one)
    expect(Array.from({ length: 7 }, () => one.join())).toEqual([
      ...Array<boolean>(5).fill(true),
      false,
      false,
    ])
  })

  it('of an issuer that nobody configured does not wait at all', async () => {
    const { authenticate } = setUp()
    expect(await settled(authenticate(sentToken('X 1'), anyRoute))).toEqual({
      kind: 'overloaded',
      issuerId: 'X',
    })
  })
})
