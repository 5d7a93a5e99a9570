/** What all replicas share, behind an interface: entries that end by themselves, and news of new ones. */

/** What a store tells. Texts are untrusted. */
export interface StoreListener {
  /** Connected, also again: from now on every new entry is pushed, and what came before can be read. */
  connected(): void
  /** Not connected, or no longer. May come repeatedly. `fault` is for operators and holds no secret. */
  lost(fault: string): void
  /** A new entry. */
  pushed(text: string): void
}

/** A store. It connects by itself, again and again, and never throws outside of the promises it gives. */
export interface RevocationStore {
  /** Connects for the first time. */
  start(listener: StoreListener): void
  /** Reads every entry, in any order, some perhaps twice. Rejects when not all could be read. */
  readAll(each: (text: string) => void): Promise<void>
  /** Keeps an entry for some time and pushes it to all; `name` is the same for the same text. Rejects when in doubt. */
  put(name: string, text: string, ttlMs: number): Promise<void>
  /** Makes a connection that died without a word be noticed. Never rejects. */
  ping(): Promise<void>
  close(): void
}
