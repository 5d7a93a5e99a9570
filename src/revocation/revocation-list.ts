/**
 * What is revoked, in memory: a look-up by issuer, kind and value, whatever the number of entries.
 *
 * The rules are:
 *   - an entry never gets weaker: of two for the same value the longer end and the later "issued before" count, so the
 *     order in which replicas hear of them does not matter;
 *   - an entry without "issued before" and one with it stand beside each other, each with its own end;
 *   - there is no timer for an entry: one that ended is not believed, and is swept out with others;
 *   - a full list refuses what is new and keeps what it has; forgetting an entry would let a revoked token in.
 */
import type { TokenIdentifiers } from '../check/index.js'
import {
  revocationKinds,
  type Revocation,
  type RevocationCounts,
  type RevocationKind,
} from './revocation.js'

/** What became of an entry. `known`: everything that it says was in force already. */
export type Addition = 'taken' | 'known' | 'full'

/** Both ends in milliseconds since the epoch; 0 for what was never said. */
interface Entry {
  allUntilMs: number
  issuedBeforeUntilMs: number
  issuedBeforeSeconds: number
}

type ByKind = Readonly<Record<RevocationKind, Map<string, Entry>>>

/** A list with a bound on its entries. Holds values of claims; nothing here writes them anywhere. */
export class RevocationList {
  readonly #maxEntries: number
  readonly #issuers = new Map<string, ByKind>()
  #size = 0
  /** Nothing ends before this, so that a full list is not searched in vain for each of a flood. */
  #nextEndMs = Number.POSITIVE_INFINITY

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  /** Entries, with those that ended since the last sweep. */
  get size(): number {
    return this.#size
  }

  /** Puts a revocation in force. */
  add(revocation: Revocation, nowMs: number): Addition {
    if (revocation.untilMs <= nowMs) return 'known' // It ended: there is nothing to say.
    const entries = this.#of(revocation.issuerId)[revocation.kind]
    let entry = entries.get(revocation.value)
    if (entry === undefined) {
      if (this.#size >= this.#maxEntries) this.sweep(nowMs)
      if (this.#size >= this.#maxEntries) return 'full'
      entry = { allUntilMs: 0, issuedBeforeUntilMs: 0, issuedBeforeSeconds: 0 }
      entries.set(revocation.value, entry)
      this.#size += 1
    }
    const isNews = strengthen(entry, revocation)
    this.#nextEndMs = Math.min(this.#nextEndMs, endOf(entry))
    return isNews ? 'taken' : 'known'
  }

  /** Whether a token is revoked. Five look-ups at most and one for each further client id; allocates nothing. */
  isRevoked(token: TokenIdentifiers, nowMs: number): boolean {
    const entries = this.#issuers.get(token.issuerId)
    if (entries === undefined) return false
    const { issuedAtSeconds } = token
    if (
      isNamed(entries.jti, token.jti, issuedAtSeconds, nowMs) ||
      isNamed(entries.sub, token.sub, issuedAtSeconds, nowMs) ||
      isNamed(entries.sid, token.sid, issuedAtSeconds, nowMs) ||
      isNamed(entries.kid, token.kid, issuedAtSeconds, nowMs)
    ) {
      return true
    }
    for (const clientId of token.clientIds) {
      if (isNamed(entries.clientId, clientId, issuedAtSeconds, nowMs)) return true
    }
    return false
  }

  /** Forgets what ended. */
  sweep(nowMs: number): void {
    if (nowMs < this.#nextEndMs) return
    this.#nextEndMs = Number.POSITIVE_INFINITY
    for (const byKind of this.#issuers.values()) {
      for (const entries of Object.values(byKind)) {
        for (const [value, entry] of entries) {
          const endMs = endOf(entry)
          if (endMs > nowMs) this.#nextEndMs = Math.min(this.#nextEndMs, endMs)
          else if (entries.delete(value)) this.#size -= 1
        }
      }
    }
  }

  /** Every revocation in force, as {@link add} takes it: what another list needs to be as strict as this one. */
  entries(nowMs: number): readonly Revocation[] {
    const found: Revocation[] = []
    for (const [issuerId, byKind] of this.#issuers) {
      for (const kind of revocationKinds) {
        for (const [value, entry] of byKind[kind]) {
          const { allUntilMs, issuedBeforeUntilMs, issuedBeforeSeconds } = entry
          const of = { issuerId, kind, value }
          if (allUntilMs > nowMs) {
            found.push({ ...of, issuedBeforeSeconds: undefined, untilMs: allUntilMs })
          }
          if (issuedBeforeUntilMs > nowMs) {
            found.push({ ...of, issuedBeforeSeconds, untilMs: issuedBeforeUntilMs })
          }
        }
      }
    }
    return found
  }

  /** How many values of each kind. */
  counts(): RevocationCounts {
    const counts = { jti: 0, sub: 0, clientId: 0, sid: 0, kid: 0 }
    for (const byKind of this.#issuers.values()) {
      for (const kind of revocationKinds) counts[kind] += byKind[kind].size
    }
    return counts
  }

  #of(issuerId: string): ByKind {
    let byKind = this.#issuers.get(issuerId)
    if (byKind === undefined) {
      byKind = {
        jti: new Map(),
        sub: new Map(),
        clientId: new Map(),
        sid: new Map(),
        kid: new Map(),
      }
      this.#issuers.set(issuerId, byKind)
    }
    return byKind
  }
}

/** Adds what a revocation says to an entry; tells whether that was new. */
function strengthen(entry: Entry, { issuedBeforeSeconds, untilMs }: Revocation): boolean {
  if (issuedBeforeSeconds === undefined) {
    if (untilMs <= entry.allUntilMs) return false
    entry.allUntilMs = untilMs
    return true
  }
  if (untilMs <= entry.issuedBeforeUntilMs && issuedBeforeSeconds <= entry.issuedBeforeSeconds) {
    return false
  }
  entry.issuedBeforeUntilMs = Math.max(entry.issuedBeforeUntilMs, untilMs)
  entry.issuedBeforeSeconds = Math.max(entry.issuedBeforeSeconds, issuedBeforeSeconds)
  return true
}

function endOf(entry: Entry): number {
  return Math.max(entry.allUntilMs, entry.issuedBeforeUntilMs)
}

function isNamed(
  entries: ReadonlyMap<string, Entry>,
  value: string | undefined,
  issuedAtSeconds: number | undefined,
  nowMs: number,
): boolean {
  if (value === undefined || entries.size === 0) return false
  const entry = entries.get(value)
  if (entry === undefined) return false
  if (nowMs < entry.allUntilMs) return true
  if (nowMs >= entry.issuedBeforeUntilMs) return false
  // Fail closed: a token that does not say when it was issued may be an old one.
  // A fraction of the second counts as that second, which was revoked whole (RFC 7519 section 2 allows fractions).
  return issuedAtSeconds === undefined || Math.floor(issuedAtSeconds) <= entry.issuedBeforeSeconds
}
