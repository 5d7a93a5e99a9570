/**
 * What verification found out, remembered by the hash of the access token (ADR 0008).
 *
 * The rules are:
 *   - the key is SHA-256 of the whole token, so one entry is one spelling and no token is kept in memory;
 *   - a hit is believed only while the token is in time and its key is still published by the issuer;
 *   - rejections live briefly and under a bound of their own, so that garbage cannot push good tokens out;
 *   - audience, sender constraint and policy are not in here: they are decided for each route.
 */
import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../jwks/index.js'
import type { Authentication } from './access-token.js'
import { isLastingRejection } from './rejection.js'
import type { JwtVerification, TokenLife } from './verify-jwt.js'

/** Bounds of the cache. */
export interface TokenCacheLimits {
  readonly maxTokens: number
  readonly maxBytes: number
  readonly maxRejections: number
  readonly rejectionTtlMs: number
}

/** What happened in the cache, as plain counts that only grow. */
export interface TokenCacheCounts {
  hits: number
  misses: number
  evictions: number
}

interface Entry {
  readonly authentication: Authentication
  readonly life: TokenLife
}

/** A rough size of an entry without its claims: objects, hash, and the prepared answer of one route. */
const entryBytes = 4_096

/** The cache. Holds no access token, only hashes. */
export class TokenCache {
  readonly counts: TokenCacheCounts
  readonly #verified: LRUCache<string, Entry>
  readonly #rejected: LRUCache<string, Authentication>
  readonly #rejectionTtlMs: number
  readonly #clock: Clock

  /** Goes on counting from `counts`. */
  constructor(
    limits: TokenCacheLimits,
    clock: Clock,
    counts: TokenCacheCounts = { hits: 0, misses: 0, evictions: 0 },
  ) {
    this.counts = counts
    this.#clock = clock
    this.#rejectionTtlMs = limits.rejectionTtlMs
    this.#verified = new LRUCache({
      max: limits.maxTokens,
      maxSize: limits.maxBytes,
      dispose: (_entry, _key, reason) => {
        if (reason === 'evict') this.counts.evictions += 1
      },
    })
    this.#rejected = new LRUCache({
      max: limits.maxRejections,
      ttl: limits.rejectionTtlMs,
      perf: { now: () => clock.monotonicMs() },
    })
  }

  /** The name of a token in this cache. */
  static keyOf(accessToken: string): string {
    return hash('sha256', accessToken, 'base64')
  }

  /** What is known of the token of this key, if it may still be believed. */
  get(key: string): Authentication | undefined {
    const entry = this.#verified.get(key)
    if (entry !== undefined) {
      if (this.#isAlive(entry.life)) {
        this.counts.hits += 1
        return entry.authentication
      }
      this.#verified.delete(key) // Fail closed: verify again, and find out why it is no longer good.
    }
    const rejection = this.#rejected.get(key)
    if (rejection === undefined) this.counts.misses += 1
    else this.counts.hits += 1
    return rejection
  }

  /** Remembers what may be remembered of a verification. `tokenBytes` is the length of the access token. */
  remember(key: string, verification: JwtVerification, tokenBytes: number): void {
    const { authentication, life, rejectionTtlMs } = verification
    if (authentication.kind === 'verified' && life !== undefined) {
      this.#verified.set(key, { authentication, life }, { size: entryBytes + 2 * tokenBytes })
    } else if (authentication.kind === 'rejected' && isLastingRejection(authentication.reason)) {
      const ttl = rejectionTtlMs ?? this.#rejectionTtlMs
      if (ttl > 0) this.#rejected.set(key, authentication, { ttl }) // lru-cache keeps for ever what has a ttl of 0.
    }
  }

  /** Other rules are in force: what was rejected may be good now. */
  forgetRejections(): void {
    this.#rejected.clear()
  }

  /** Entries of verified tokens. */
  get size(): number {
    return this.#verified.size
  }

  #isAlive(life: TokenLife): boolean {
    const nowMs = this.#clock.wallMs()
    return (
      nowMs < life.expiresAtMs &&
      nowMs >= life.notBeforeMs &&
      this.#clock.monotonicMs() < life.key.trustedUntilMs
    )
  }
}
