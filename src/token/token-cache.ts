/**
 * What verification found out, remembered by the hash of the access token (ADR 0008).
 *
 * The rules are:
 *   - the key is SHA-256 of the whole token, so one entry is one spelling and no token is kept in memory;
 *   - a hit is believed only while the token is in time and its key is still published by the issuer;
 *   - rejections live briefly and under a bound of their own, so that garbage cannot push good tokens out;
 *   - a token is packed until it is asked about again, and when others are asked about more (ADR 0030): so tokens that
 *     come once, as many as they are, neither fill the heap nor push out those that are busy;
 *   - audience, sender constraint and policy are not in here: they are decided for each route.
 */
import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../jwks/index.js'
import type { Authentication } from './access-token.js'
import { packToken, unpackToken } from './packed-token.js'
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
  readonly authentication: Verified
  readonly life: TokenLife
}

type Verified = Authentication & { readonly kind: 'verified' }

interface PackedEntry {
  readonly packed: string
  readonly life: TokenLife
}

/** A rough size of a packed entry without its text, which is counted as it is. */
const packedEntryBytes = 512
/** The same of an unpacked one without what grows with its claims: objects, and the prepared answer of one route. */
const unpackedEntryBytes = 4_096
/** As many tokens are kept unpacked at most: enough for what is busy at a time, and few enough for the heap. */
const maxUnpacked = 8_192

/** The cache. Holds no access token, only hashes. */
export class TokenCache {
  readonly counts: TokenCacheCounts
  /** What was asked about again, with all that is made of it. */
  readonly #unpacked: LRUCache<string, Entry>
  readonly #packed: LRUCache<string, PackedEntry>
  readonly #maxTokens: number
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
    const { maxTokens, maxBytes } = limits
    this.#maxTokens = maxTokens
    this.#unpacked = new LRUCache({
      max: Math.max(1, Math.min(Math.floor(maxTokens / 2), maxUnpacked)),
      maxSize: Math.ceil(maxBytes / 2),
      dispose: (entry, key, reason) => {
        if (reason === 'evict') this.#pack(key, entry)
      },
    })
    // Without `max`, for which lru-cache would make room at once: `#keepPacked` counts.
    this.#packed = new LRUCache({
      maxSize: Math.ceil(maxBytes / 2),
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

  /** The name of a token in this cache. One beyond ASCII, as no token is, may have that of another such one. */
  static keyOf(accessToken: string | Uint8Array): string {
    return hash('sha256', accessToken, 'base64')
  }

  /** What is known of the token of this key, if it may still be believed. */
  get(key: string): Authentication | undefined {
    const entry = this.#unpacked.get(key) ?? this.#unpack(key)
    if (entry !== undefined) {
      if (this.#isAlive(entry.life)) {
        this.counts.hits += 1
        return entry.authentication
      }
      this.#unpacked.delete(key) // Fail closed: verify again, and find out why it is no longer good.
    }
    const rejection = this.#rejected.get(key)
    if (rejection === undefined) this.counts.misses += 1
    else this.counts.hits += 1
    return rejection
  }

  /** Remembers what may be remembered of a verification. */
  remember(key: string, verification: JwtVerification): void {
    const { authentication, life, rejectionTtlMs } = verification
    if (authentication.kind === 'verified' && life !== undefined) {
      this.#unpacked.delete(key)
      this.#pack(key, { authentication, life })
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
    return this.#unpacked.size + this.#packed.size
  }

  #pack(key: string, { authentication, life }: Entry): void {
    if (!this.#isAlive(life)) return
    const packed = packToken(authentication.token)
    if (packed !== undefined) this.#keepPacked(key, { packed, life })
  }

  #keepPacked(key: string, entry: PackedEntry): void {
    this.#packed.set(key, entry, { size: packedEntryBytes + entry.packed.length })
    while (this.size > this.#maxTokens && this.#packed.size > 1) this.#packed.pop()
  }

  #unpack(key: string): Entry | undefined {
    const found = this.#packed.get(key)
    if (found === undefined) return undefined
    const { packed, life } = found
    this.#packed.delete(key)
    if (!this.#isAlive(life)) return undefined
    const entry: Entry = { authentication: { kind: 'verified', token: unpackToken(packed) }, life }
    this.#unpacked.set(key, entry, { size: unpackedEntryBytes + 4 * packed.length })
    if (!this.#unpacked.has(key)) this.#keepPacked(key, found) // It is too large for there.
    return entry
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
