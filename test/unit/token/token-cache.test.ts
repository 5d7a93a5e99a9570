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

function verified(
  key = createKey(),
  expiresAtMs = Number.MAX_SAFE_INTEGER,
  claims: Readonly<Record<string, unknown>> = {},
): JwtVerification {
  return {
    authentication: {
      kind: 'verified',
      token: {
        issuerId: 'main',
        subject: 'alice',
        audiences: ['a'],
        isSenderConstrained: false,
        kid: 'k',
        claims,
      },
    },
    life: { expiresAtMs, notBeforeMs: 0, key },
  }
}

function rejected(reason: RejectionReason): JwtVerification {
  return { authentication: { kind: 'rejected', reason, issuerId: 'main' } }
}

describe('TokenCache', () => {
  it('gives back what was remembered, from the second time on the very same object, and counts', () => {
    const cache = new TokenCache(limits, createFakeClock())
    const verification = verified()
    expect(cache.get('a')).toBeUndefined()
    cache.remember('a', verification)
    const first = cache.get('a')
    expect(first).toMatchObject(verification.authentication)
    expect(cache.get('a')).toBe(first)
    expect(cache.counts).toEqual({ hits: 2, misses: 1, evictions: 0 })
    expect(cache.size).toBe(1)
  })

  it('packs who is asked about less, and loses nothing by it', () => {
    const cache = new TokenCache({ ...limits, maxTokens: 4 }, createFakeClock())
    const names = ['a', 'b', 'c', 'd']
    for (const name of names) cache.remember(name, verified())
    const seen = names.map((name) => cache.get(name))
    expect(seen).not.toContain(undefined)
    expect(cache.size).toBe(4)
    // Two are unpacked; of the others something else than before comes out, with the same content.
    expect(cache.get('d')).toBe(seen[3])
    expect(cache.get('a')).not.toBe(seen[0])
    expect(cache.get('a')).toEqual(seen[0])
    expect(cache.counts).toEqual({ hits: 7, misses: 0, evictions: 0 })
  })

  it.each(['key', 'time'])('does not unpack what may not be believed any more: %s', (cause) => {
    const clock = createFakeClock()
    const cache = new TokenCache({ ...limits, maxTokens: 4 }, clock)
    const key = createKey()
    for (const name of ['a', 'b', 'c']) {
      cache.remember(name, verified(key, clock.wallMs() + 1_000))
      cache.get(name)
    }
    if (cause === 'key') key.trustedUntilMs = 0
    else clock.advance(1_000)
    for (const name of ['a', 'b', 'c']) expect(cache.get(name)).toBeUndefined()
    expect(cache.size).toBe(0)
  })

  it('does not let tokens that come once push out those that are asked about', () => {
    const cache = new TokenCache({ ...limits, maxTokens: 10 }, createFakeClock())
    cache.remember('busy', verified())
    const busy = cache.get('busy')
    for (let i = 0; i < 100; i++) cache.remember(`once ${String(i)}`, verified())
    expect(cache.get('busy')).toBe(busy)
    expect(cache.size).toBe(10)
    expect(cache.counts.evictions).toBe(91)
  })

  it('does not remember a token that it could not give back as it is', () => {
    const cache = new TokenCache(limits, createFakeClock())
    cache.remember('infinite', verified(undefined, undefined, { limit: [{ of: Infinity }] }))
    cache.remember('null', verified(undefined, undefined, { limit: [null, 'null'] }))
    expect(cache.get('infinite')).toBeUndefined()
    expect(cache.get('null')).toMatchObject({ token: { claims: { limit: [null, 'null'] } } })
  })

  it('goes on knowing a token that is too large to be kept unpacked', () => {
    const cache = new TokenCache({ ...limits, maxBytes: 8_000 }, createFakeClock())
    cache.remember('a', verified())
    expect(cache.get('a')).toBeDefined()
    expect(cache.get('a')).toBeDefined()
    expect(cache.size).toBe(1)
  })

  it('names a token by a hash of the whole of it', () => {
    // FIPS 180-4: SHA-256 of "abc".
    expect(TokenCache.keyOf('abc')).toBe('ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=')
    expect(TokenCache.keyOf('abC')).not.toBe(TokenCache.keyOf('abc'))
  })

  it('forgets a token whose key the issuer dropped, at once', () => {
    const cache = new TokenCache(limits, createFakeClock())
    const key = createKey()
    cache.remember('a', verified(key))
    key.trustedUntilMs = 0
    expect(cache.get('a')).toBeUndefined()
    expect(cache.size).toBe(0)
  })

  it('forgets a token whose key was not refreshed for too long', () => {
    const clock = createFakeClock()
    const cache = new TokenCache(limits, clock)
    cache.remember('a', verified(createKey(clock.monotonicMs() + 1_000)))
    clock.advance(999)
    expect(cache.get('a')).toBeDefined()
    clock.advance(1)
    expect(cache.get('a')).toBeUndefined()
  })

  it('keeps as many tokens as it may and counts what it evicts', () => {
    const cache = new TokenCache(limits, createFakeClock())
    for (const name of ['a', 'b', 'c', 'd']) cache.remember(name, verified())
    expect(cache.size).toBe(3)
    expect(cache.get('a')).toBeUndefined()
    expect(cache.get('d')).toBeDefined()
    expect(cache.counts.evictions).toBe(1)
  })

  it('keeps no more bytes than it may', () => {
    const cache = new TokenCache({ ...limits, maxBytes: 2_000 }, createFakeClock())
    cache.remember('a', verified())
    cache.remember('b', verified())
    expect(cache.size).toBe(1)
    expect(cache.get('b')).toBeDefined()
    cache.remember('c', verified(createKey(), undefined, { text: 'c'.repeat(1_000) }))
    expect(cache.get('c')).toBeUndefined()
  })

  it('does not let rejections push verified tokens out', () => {
    const cache = new TokenCache(limits, createFakeClock())
    cache.remember('good', verified())
    for (let i = 0; i < 100; i++) cache.remember(`bad ${String(i)}`, rejected('malformed_token'))
    expect(cache.get('good')).toMatchObject({ kind: 'verified' })
    expect(cache.get('bad 99')).toMatchObject({ kind: 'rejected' })
    expect(cache.get('bad 96')).toBeUndefined()
  })

  it('forgets a rejection after its time', async () => {
    const clock = createFakeClock()
    const cache = new TokenCache(limits, clock)
    cache.remember('a', rejected('bad_signature'))
    expect(cache.get('a')).toMatchObject({ reason: 'bad_signature' })
    clock.advance(10_001)
    // lru-cache looks at its clock no more than once in a real millisecond.
    await until(() => cache.get('a') === undefined)
  })

  it.each<RejectionReason>(['unknown_key', 'not_yet_valid'])(
    'does not remember what passes: %s',
    (reason) => {
      const cache = new TokenCache(limits, createFakeClock())
      cache.remember('a', rejected(reason))
      expect(cache.get('a')).toBeUndefined()
    },
  )

  it('does not remember that keys were not there', () => {
    const cache = new TokenCache(limits, createFakeClock())
    const authentication = { kind: 'unavailable', issuerId: 'main', cause: undefined } as const
    cache.remember('a', { authentication })
    expect(cache.get('a')).toBeUndefined()
  })
})
