/** The moments at which an access token begins and ends to be valid, to the millisecond (standards 65 and 66). */
import { beforeAll, describe, expect, it } from 'vitest'
import { VerificationKey } from '../../../src/jwks/verification-key.js'
import { createAuthenticate, createJwtVerifier, TokenCache } from '../../../src/token/index.js'
import { anyRoute, sentToken, settled } from '../../support/pending.js'
import { createTestKey, type TestKey } from '../../support/authorization-server.js'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.js'
import { signJws } from '../../support/forged-jws.js'

const nowMs = 1_800_000_000_000
const now = nowMs / 1_000
const issuer = 'https://issuer.example'

let key: TestKey
beforeAll(async () => {
  key = await createTestKey()
})

function tokenWith(times: Record<string, unknown>): string {
  const claims = { iss: issuer, aud: 'a', sub: 's', client_id: 'c', jti: 'j', iat: now - 100 }
  return signJws(
    { alg: 'ES256', typ: 'at+jwt', kid: key.jwk.kid },
    { ...claims, exp: now + 100, ...times },
    key,
  )
}

function createVerifier(clock: FakeClock, clockToleranceMs: number) {
  const verificationKey = new VerificationKey({ ...key.jwk, kty: 'EC' }, 'thumbprint')
  verificationKey.trustedUntilMs = Number.POSITIVE_INFINITY
  return createJwtVerifier({
    issuers: [
      {
        id: 'main',
        issuer,
        algorithms: new Set(['ES256']),
        tokenTypes: ['at+jwt'],
        clockToleranceMs,
      },
    ],
    findKeys: () => ({ kind: 'keys', keys: [verificationKey] }),
    findOtherKeys: () => undefined,
    neededClaims: [],
    wallMs: clock.wallMs,
  })
}

async function verdict(times: Record<string, unknown>, toleranceMs: number, atMs = nowMs) {
  const verify = createVerifier(createFakeClock(atMs), toleranceMs)
  const { authentication } = await verify(tokenWith(times), () => true)
  return authentication.kind === 'rejected' ? authentication.reason : authentication.kind
}

describe('a moment at the edge', () => {
  const moments: [claim: string, atSeconds: number, toleranceMs: number, verdict: string][] = [
    ['exp', 1, 0, 'verified'],
    ['exp', 0.001, 0, 'verified'],
    ['exp', 0, 0, 'expired'],
    ['exp', -0.001, 0, 'expired'],
    ['exp', -29.999, 30_000, 'verified'],
    ['exp', -30, 30_000, 'expired'],
    ['exp', -30.001, 30_000, 'expired'],
    ['exp', -300, 300_000, 'expired'],
    ['exp', -299.999, 300_000, 'verified'],
    ['nbf', -1, 0, 'verified'],
    ['nbf', 0, 0, 'verified'],
    ['nbf', 0.001, 0, 'not_yet_valid'],
    ['nbf', 29.999, 30_000, 'verified'],
    ['nbf', 30, 30_000, 'verified'],
    ['nbf', 30.001, 30_000, 'not_yet_valid'],
    ['iat', 0, 0, 'verified'],
    ['iat', 1, 0, 'not_yet_valid'],
    ['iat', 30, 30_000, 'verified'],
    ['iat', 31, 30_000, 'not_yet_valid'],
  ]

  it.each(moments)('%s %d s from now with %d ms of tolerance: %s', async (...row) => {
    const [claim, atSeconds, toleranceMs, expected] = row
    expect(await verdict({ [claim]: now + atSeconds }, toleranceMs)).toBe(expected)
  })

  it('is not moved twice when a token both begins late and ends early', async () => {
    expect(await verdict({ nbf: now + 10, exp: now - 10 }, 30_000)).toBe('verified')
    expect(await verdict({ nbf: now + 31, exp: now - 10 }, 30_000)).toBe('not_yet_valid')
  })

  it('is the same for a token that begins at the epoch', async () => {
    expect(await verdict({ nbf: 0, iat: 0 }, 0)).toBe('verified')
  })
})

describe('a token that is remembered', () => {
  function createRemembering(clock: FakeClock) {
    const limits = { maxTokens: 10, maxBytes: 1e6, maxRejections: 10, rejectionTtlMs: 10_000 }
    return createAuthenticate(createVerifier(clock, 30_000), new TokenCache(limits, clock), {
      maxWaiting: 1_000,
      maxWaitingForKeys: new Map([['main', 1_000]]),
    })
  }

  it('is forgotten at the very millisecond at which it ends', async () => {
    const clock = createFakeClock(nowMs)
    const authenticate = createRemembering(clock)
    const token = tokenWith({ exp: now + 10 })
    expect(await settled(authenticate(sentToken(token), anyRoute))).toMatchObject({
      kind: 'verified',
    })
    clock.setWall(nowMs + 39_999)
    expect(authenticate(sentToken(token), anyRoute)).toMatchObject({ kind: 'verified' })
    clock.setWall(nowMs + 40_000)
    expect(await settled(authenticate(sentToken(token), anyRoute))).toMatchObject({
      kind: 'rejected',
      reason: 'expired',
    })
  })

  it('is not valid yet again when the clock is set back before its beginning', async () => {
    const clock = createFakeClock(nowMs)
    const authenticate = createRemembering(clock)
    const token = tokenWith({ nbf: now - 10 })
    expect(await settled(authenticate(sentToken(token), anyRoute))).toMatchObject({
      kind: 'verified',
    })
    clock.setWall(nowMs - 40_001)
    expect(await settled(authenticate(sentToken(token), anyRoute))).toMatchObject({
      kind: 'rejected',
      reason: 'not_yet_valid',
    })
    clock.setWall(nowMs - 40_000)
    expect(await settled(authenticate(sentToken(token), anyRoute))).toMatchObject({
      kind: 'verified',
    })
  })

  it('is accepted when its time comes, however often it was presented too early', async () => {
    const clock = createFakeClock(nowMs)
    const authenticate = createRemembering(clock)
    const token = tokenWith({ nbf: now + 40 })
    expect(await settled(authenticate(sentToken(token), anyRoute))).toMatchObject({
      reason: 'not_yet_valid',
    })
    expect(await settled(authenticate(sentToken(token), anyRoute))).toMatchObject({
      reason: 'not_yet_valid',
    })
    clock.advance(10_000)
    expect(await settled(authenticate(sentToken(token), anyRoute))).toMatchObject({
      kind: 'verified',
    })
  })
})
