import { describe, expect, it } from 'vitest'
import { VerificationKey } from '../../../src/jwks/verification-key.js'
import { TokenCache } from '../../../src/token/index.js'
import type { RejectionReason } from '../../../src/token/rejection.js'
import type { JwtVerification } from '../../../src/token/verify-jwt.js'
import { createFakeClock } from '../../support/fake-clock.js'
import { until } from '../../support/until.js'

const limits = { maxTokens: 3, maxBytes: 1_000_000, maxRejections: 3, rejectionTtlMs: 10_000 }

function createKey(trustedUntilMs = Number.POSITIVE_INFINITY): VerificationKey {
  const key = new VerificationKey({ kty: 'EC', kid: 'k' }, 'thumbprint')
  key.trustedUntilMs = trustedUntilMs
  return key
}

function verified(key = createKey(), expiresAtMs = Number.MAX_SAFE_INTEGER): JwtVerification {
  return {
    authentication: {
      kind: 'verified',
      token: {
        issuerId: 'main',
        subject: 'alice',
        audiences: ['a'],
        isSenderConstrained: false,
        kid: 'k',
        claims: {},
      },
    },
    life: { expiresAtMs, notBeforeMs: 0, key },
  }
}

function rejected(reason: RejectionReason): JwtVerification {
  return { authentication: { kind: 'rejected', reason, issuerId: 'main' } }
}

describe('TokenCache', () => {
  it('gives back the very object that was remembered, and counts', () => {
    const cache = new TokenCache(limits, createFakeClock())
    const verification = verified()
    expect(cache.get('a')).toBeUndefined()
    cache.remember('a', verification, 500)
    expect(cache.get('a')).toBe(verification.authentication)
    expect(cache.counts).toEqual({ hits: 1, misses: 1, evictions: 0 })
  })

  it('names a token by a hash of the whole of it', () => {
    // FIPS 180-4: SHA-256 of "abc".
    expect(TokenCache.keyOf('abc')).toBe('ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=')
    expect(TokenCache.keyOf('abC')).not.toBe(TokenCache.keyOf('abc'))
  })

  it('forgets a token whose key the issuer dropped, at once', () => {
    const cache = new TokenCache(limits, createFakeClock())
    const key = createKey()
    cache.remember('a', verified(key), 500)
    key.trustedUntilMs = 0
    expect(cache.get('a')).toBeUndefined()
    expect(cache.size).toBe(0)
  })

  it('forgets a token whose key was not refreshed for too long', () => {
    const clock = createFakeClock()
    const cache = new TokenCache(limits, clock)
    cache.remember('a', verified(createKey(clock.monotonicMs() + 1_000)), 500)
    clock.advance(999)
    expect(cache.get('a')).toBeDefined()
    clock.advance(1)
    expect(cache.get('a')).toBeUndefined()
  })

  it('keeps as many tokens as it may and counts what it evicts', () => {
    const cache = new TokenCache(limits, createFakeClock())
    for (const name of ['a', 'b', 'c', 'd']) cache.remember(name, verified(), 500)
    expect(cache.size).toBe(3)
    expect(cache.get('a')).toBeUndefined()
    expect(cache.get('d')).toBeDefined()
    expect(cache.counts.evictions).toBe(1)
  })

  it('keeps no more bytes than it may', () => {
    const cache = new TokenCache({ ...limits, maxBytes: 20_000 }, createFakeClock())
    cache.remember('a', verified(), 4_000)
    cache.remember('b', verified(), 4_000)
    expect(cache.size).toBe(1)
    cache.remember('c', verified(), 100_000)
    expect(cache.get('c')).toBeUndefined()
  })

  it('does not let rejections push verified tokens out', () => {
    const cache = new TokenCache(limits, createFakeClock())
    cache.remember('good', verified(), 500)
    for (let i = 0; i < 100; i++) cache.remember(`bad ${String(i)}`, rejected('malformed_token'), 5)
    expect(cache.get('good')).toMatchObject({ kind: 'verified' })
    expect(cache.get('bad 99')).toMatchObject({ kind: 'rejected' })
    expect(cache.get('bad 96')).toBeUndefined()
  })

  it('forgets a rejection after its time', async () => {
    const clock = createFakeClock()
    const cache = new TokenCache(limits, clock)
    cache.remember('a', rejected('bad_signature'), 500)
    expect(cache.get('a')).toMatchObject({ reason: 'bad_signature' })
    clock.advance(10_001)
    // lru-cache looks at its clock no more than once in a real millisecond.
    await until(() => cache.get('a') === undefined)
  })

  it.each<RejectionReason>(['unknown_key', 'not_yet_valid'])(
    'does not remember what passes: %s',
    (reason) => {
      const cache = new TokenCache(limits, createFakeClock())
      cache.remember('a', rejected(reason), 500)
      expect(cache.get('a')).toBeUndefined()
    },
  )

  it('does not remember that keys were not there', () => {
    const cache = new TokenCache(limits, createFakeClock())
    const authentication = { kind: 'unavailable', issuerId: 'main', cause: undefined } as const
    cache.remember('a', { authentication }, 500)
    expect(cache.get('a')).toBeUndefined()
  })
})
