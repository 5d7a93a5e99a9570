/**
 * Searches for keys that have a URL each (ADR 0031): the one place where what a token says makes the gate ask for something.
 *
 * The rules are:
 *   - a `kid` that is no plain name is unknown, and nobody is asked;
 *   - a known key never waits, whatever is asked for beside it;
 *   - an unknown one is read once, however many search for it, and within a budget of its issuer: so many at the same
 *     time and so many in each cooldown. Beyond that the answer is "overloaded": nothing is known of the key;
 *   - one that the source does not have is unknown, and stays so for a minute; a fault is "unavailable", for a second.
 */
import { LRUCache } from 'lru-cache'
import type { Clock } from './clock.js'
import type { IssuerKeyState } from './issuer-key-state.js'
import { searchKeys, type KeySearch, type WantedKey } from './key-search.js'
import { isFetchableKid } from './key-url.js'

/** What unknown keys may cost an issuer's source. */
export const kidBudget = { atATime: 8, inACooldown: 32 } as const

const absentMemoryMs = 60_000
const faultMemoryMs = 1_000
/** More than the budget lets in while they are remembered, for a few issuers. */
const maxRemembered = 2_000

const unknownKey: KeySearch = { kind: 'unknown_key' }
const overloaded: KeySearch = { kind: 'overloaded' }

/** Reads one key into its state. Resolves to whether there is one; rejects on faults. */
export type ReadKey = (state: IssuerKeyState, kid: string) => Promise<boolean>

interface Spending {
  underWay: number
  windowFromMs: number
  inWindow: number
}

/** The searches of all issuers whose keys are read one by one. */
export class KeysByKid {
  readonly #clock: Clock
  readonly #read: ReadKey
  readonly #spending = new WeakMap<IssuerKeyState, Spending>()
  readonly #absent: LRUCache<string, true>
  readonly #faults: LRUCache<string, { readonly cause: unknown }>
  #searches = 0

  constructor(clock: Clock, read: ReadKey) {
    this.#clock = clock
    this.#read = read
    const perf = { now: (): number => clock.monotonicMs() }
    this.#absent = new LRUCache({ max: maxRemembered, ttl: absentMemoryMs, perf })
    this.#faults = new LRUCache({ max: maxRemembered, ttl: faultMemoryMs, perf })
  }

  /** The key of this name; a promise only while it, or what was kept from an earlier life, is read. Never rejects. */
  find(state: IssuerKeyState, wanted: WantedKey): KeySearch | Promise<KeySearch> {
    const { kid } = wanted
    // Fail closed: such a name would be a path.
    if (kid === undefined || !isFetchableKid(kid)) return unknownKey
    const known = this.#known(state, wanted)
    if (known !== undefined) return known
    if (state.restoring !== undefined) {
      return state.restoring.then(async () => await this.find(state, wanted))
    }
    return this.#heldBack(state, kid) ?? this.#readThenFind(state, kid, wanted)
  }

  #known(state: IssuerKeyState, wanted: WantedKey): KeySearch | undefined {
    const set = state.trustedSet(this.#clock.monotonicMs())
    const found = set === undefined ? unknownKey : searchKeys(set, wanted)
    if (found.kind === 'unknown_key') return undefined
    this.#searches += 1
    if (found.kind === 'keys') for (const key of found.keys) key.lastUse = this.#searches
    return found
  }

  /** The answer when nobody is asked now; undefined when a read was paid for, or is under way and can be joined. */
  #heldBack(state: IssuerKeyState, kid: string): KeySearch | undefined {
    if (state.reads.has(kid)) return undefined
    const name = nameOf(state, kid)
    if (this.#absent.get(name) === true) return unknownKey
    const fault = this.#faults.get(name)
    if (fault !== undefined) return { kind: 'unavailable', cause: fault.cause }
    return this.#maySpend(state) ? undefined : overloaded
  }

  #maySpend(state: IssuerKeyState): boolean {
    const nowMs = this.#clock.monotonicMs()
    const spending = this.#spendingOf(state)
    if (nowMs >= spending.windowFromMs + state.options.cooldownMs) {
      spending.windowFromMs = nowMs
      spending.inWindow = 0
    }
    const { atATime, inACooldown } = kidBudget
    if (spending.underWay >= atATime || spending.inWindow >= inACooldown) return false
    spending.inWindow += 1
    return true
  }

  async #readThenFind(state: IssuerKeyState, kid: string, wanted: WantedKey): Promise<KeySearch> {
    const isJoining = state.reads.has(kid)
    const spending = this.#spendingOf(state)
    if (!isJoining) spending.underWay += 1
    try {
      if (await this.#read(state, kid)) return this.#known(state, wanted) ?? unknownKey
      this.#absent.set(nameOf(state, kid), true)
      return unknownKey
    } catch (cause) {
      this.#faults.set(nameOf(state, kid), { cause })
      return { kind: 'unavailable', cause }
    } finally {
      if (!isJoining) spending.underWay -= 1
    }
  }

  #spendingOf(state: IssuerKeyState): Spending {
    let spending = this.#spending.get(state)
    if (spending === undefined) {
      spending = { underWay: 0, windowFromMs: Number.NEGATIVE_INFINITY, inWindow: 0 }
      this.#spending.set(state, spending)
    }
    return spending
  }
}

function nameOf(state: IssuerKeyState, kid: string): string {
  return JSON.stringify([state.options.id, kid])
}
