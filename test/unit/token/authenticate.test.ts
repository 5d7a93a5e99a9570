import { describe, expect, it } from 'vitest'
import { createAuthenticate, TokenCache } from '../../../src/token/index.js'
import type { JwtVerification, VerifyJwt } from '../../../src/token/verify-jwt.js'
import { createFakeClock } from '../../support/fake-clock.js'
import { anyRoute, sentToken, settled } from '../../support/pending.js'

const limits = { maxTokens: 10, maxBytes: 1e6, maxRejections: 10, rejectionTtlMs: 10_000 }
const verification: JwtVerification = {
  authentication: { kind: 'rejected', reason: 'bad_signature', issuerId: 'main' },
}
const overloaded: JwtVerification = {
  authentication: { kind: 'overloaded', issuerId: 'main' },
}

function setUp(verify: VerifyJwt, maxWaiting = 100) {
  let calls = 0
  const authenticate = createAuthenticate(
    async (accessToken, mayWaitForKeys) => {
      calls += 1
      return await verify(accessToken, mayWaitForKeys)
    },
    new TokenCache(limits, createFakeClock()),
    { maxWaiting, maxWaitingForKeys: new Map([['main', 2]]) },
  )
  return { authenticate, calls: () => calls }
}

describe('authenticate', () => {
  it('verifies a token once, however many ask for it at once', async () => {
    const { authenticate, calls } = setUp(async () => verification)
    const answers = await Promise.all(
      Array.from(
        { length: 100 },
        async () => await settled(authenticate(sentToken('t'), anyRoute)),
      ),
    )
    expect(calls()).toBe(1)
    expect(new Set(answers)).toEqual(new Set([verification.authentication]))
  })

  it('verifies two tokens apart', async () => {
    const { authenticate, calls } = setUp(async () => verification)
    await Promise.all([
      settled(authenticate(sentToken('t'), anyRoute)),
      settled(authenticate(sentToken('T'), anyRoute)),
    ])
    expect(calls()).toBe(2)
  })

  it('keeps no place for who finds the room of an issuer full, in the same turn already', async () => {
    const { authenticate } = setUp(async (accessToken, mayWaitForKeys) => {
      if (accessToken === 'known') return verification
      return mayWaitForKeys('main') ? await new Promise(() => undefined) : overloaded
    }, 2)
    for (let token = 0; token < 10; token++) {
      authenticate(sentToken(`unknown ${String(token)}`), anyRoute)
    }
    expect(await settled(authenticate(sentToken('known'), anyRoute))).toBe(
      verification.authentication,
    )
  })

  it('answers without a promise once the token is known', async () => {
    const { authenticate } = setUp(async () => verification)
    await settled(authenticate(sentToken('t'), anyRoute))
    expect(authenticate(sentToken('t'), anyRoute)).toBe(verification.authentication)
  })

  it('looks at the form of what is new, and begins nothing for what is no token', async () => {
    const { authenticate, calls } = setUp(async () => verification)
    const noToken = { sent: 'a b', isPadded: false, text: () => undefined }
    expect(authenticate(noToken, anyRoute)).toEqual({ kind: 'malformed_credentials' })
    expect(calls()).toBe(0)
    await settled(authenticate(sentToken('t'), anyRoute))
    const known = { sent: Buffer.from('t'), isPadded: false, text: () => expect.fail('a look') }
    expect(authenticate(known, anyRoute)).toBe(verification.authentication)
    expect(calls()).toBe(1)
  })

  it('does not know a padded token where none is allowed', async () => {
    const { authenticate, calls } = setUp(async () => verification)
    const padded = { sent: 'a=.b.c', isPadded: true, text: () => 'a=.b.c' }
    await settled(authenticate(padded, anyRoute))
    expect(authenticate(padded, anyRoute)).toBe(verification.authentication)
    const elsewhere = { sent: 'a=.b.c', isPadded: false, text: () => undefined }
    expect(authenticate(elsewhere, anyRoute)).toEqual({ kind: 'malformed_credentials' })
    expect(calls()).toBe(1)
  })

  it('hands a fault to all who asked, and forgets it', async () => {
    let isBroken = true
    const { authenticate, calls } = setUp(async () => {
      if (isBroken) throw new Error('broken')
      return verification
    })
    const both = await Promise.allSettled([
      settled(authenticate(sentToken('t'), anyRoute)),
      settled(authenticate(sentToken('t'), anyRoute)),
    ])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(calls()).toBe(1)
    isBroken = false
    expect(await settled(authenticate(sentToken('t'), anyRoute))).toBe(verification.authentication)
  })

  it('begins no more verifications than may be under way, however long they take', async () => {
    let finish = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      finish = resolve
    })
    const { authenticate, calls } = setUp(async () => {
      await gate
      return verification
    }, 2)
    const first = authenticate(sentToken('a'), anyRoute)
    const second = authenticate(sentToken('b'), anyRoute)
    expect(authenticate(sentToken('c'), anyRoute)).toEqual({
      kind: 'overloaded',
      issuerId: undefined,
    })
    expect(authenticate(sentToken('a'), anyRoute)).toBe(first)
    finish()
    await Promise.all([settled(first), settled(second)])
    await settled(authenticate(sentToken('c'), anyRoute))
    expect(calls()).toBe(3)
  })
})
