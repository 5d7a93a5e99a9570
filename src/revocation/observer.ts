/** What the watching rooms are told of revocations. Declared here, so that nothing here imports a metric or a log. */

/** Where a revocation came from. */
export type RevocationSource = 'file' | 'api' | 'redis'

/**
 * What became of it. `taken` and `full` are of one entry; `loaded` and `failed` of a whole file or list, and `failed`
 * of an entry that the store did not take; `malformed` and `unknown_issuer` are entries that cannot be used here;
 * `unauthorized` is a request without the admin token.
 */
export type RevocationResult =
  'taken' | 'full' | 'loaded' | 'failed' | 'malformed' | 'unknown_issuer' | 'unauthorized'

/** Told of everything that happens to the list. Must not throw. Never gets a value that a token has. */
export interface RevocationObserver {
  /** One event, for counting. */
  counted(source: RevocationSource, result: RevocationResult): void
  /** Something that operators should read. */
  noted(level: 'info' | 'warn', message: string, details: Readonly<Record<string, unknown>>): void
  /** Readiness may be another than before. */
  changed(): void
}
