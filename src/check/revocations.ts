/** What a check asks about revocation. Declared here, so that what decides imports no list, no file and no store. */

/** What a verified access token can be revoked by. Text only: a claim that is something else cannot be named. */
export interface TokenIdentifiers {
  /** The configuration's name for the issuer; the others mean something only together with it. */
  readonly issuerId: string
  readonly jti: string | undefined
  readonly sub: string | undefined
  /** Every value at the places where the issuer names the client, so that no second name gets around a revocation. */
  readonly clientIds: readonly string[]
  readonly sid: string | undefined
  /** Of the key that verified the signature. */
  readonly kid: string | undefined
  readonly issuedAtSeconds: number | undefined
}

/** Why a genuine token is refused, or undefined where nothing is known against it. */
export type RevocationVerdict = 'revoked' | 'revocation_unavailable' | undefined

/** What is revoked at the moment. Answers at once and never throws. */
export interface Revocations {
  /** Whether {@link judge} would say nothing against any token: then it need not be asked. */
  readonly isIdle: boolean
  /** Asked for every request with a genuine token, known ones included. */
  judge(identifiers: TokenIdentifiers): RevocationVerdict
}

/** Nothing is revoked, ever: revocation is not configured. */
export const noRevocations: Revocations = { isIdle: true, judge: () => undefined }
