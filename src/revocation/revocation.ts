/** One revocation: which access tokens of an issuer are no longer accepted, and until when that is remembered. */

/** What tokens are revoked by, under the names of the configuration. */
export const revocationKinds: readonly ['jti', 'sub', 'clientId', 'sid', 'kid'] = [
  'jti',
  'sub',
  'clientId',
  'sid',
  'kid',
]

/** What a token is revoked by. */
export type RevocationKind = (typeof revocationKinds)[number]

/** A revocation of the right form, of a configured issuer. */
export interface Revocation {
  /** The configuration's name for the issuer. */
  readonly issuerId: string
  readonly kind: RevocationKind
  readonly value: string
  /**
   * Only tokens issued up to and including this second; undefined for all of them. Tells of the end of the second what
   * it tells of its start, because `iat` does not say which of two events in one second came first.
   */
  readonly issuedBeforeSeconds: number | undefined
  /** Milliseconds since the epoch; infinite for as long as it stands in the file. */
  readonly untilMs: number
}

/** Numbers by what tokens are revoked by. */
export type RevocationCounts = Readonly<Record<RevocationKind, number>>
