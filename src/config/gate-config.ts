/** A configuration as the composition root takes it: everything resolved, compiled and in milliseconds. */
import type { ClaimPointers } from '../check/index.js'
import type { IntrospectionOptions } from '../introspection/index.js'
import type { IssuerKeyOptions } from '../jwks/index.js'
import type { ImplyScopes, Policy } from '../policy/index.js'
import type { RevocationOptions } from '../revocation/index.js'
import type { TrustedIssuer } from '../token/index.js'
import type { LimitsInput, ListenInput, ConfigInput } from './config-input.js'

/** A configuration that can be run. */
export interface GateConfig {
  readonly listen: ListenInput
  /** Where key sets are kept for the next start; undefined keeps none. */
  readonly keysSnapshotDir: string | undefined
  readonly limits: LimitsInput
  readonly log: ConfigInput['log']
  readonly shutdown: { readonly drainMs: number; readonly graceMs: number }
  readonly policy: Policy
  /** Of issuers whose keys are ever used. */
  readonly issuerKeys: readonly IssuerKeyOptions[]
  /** How many checks may wait for keys, by the id of their issuer. */
  readonly maxWaitingForKeys: ReadonlyMap<string, number>
  /** What was written about each issuer, by its id: whether a token is good may depend on all of it. */
  readonly issuerEntries: ReadonlyMap<string, object>
  readonly trustedIssuers: readonly TrustedIssuer[]
  readonly claimPointers: ReadonlyMap<string, ClaimPointers>
  /** Names of the top-level claims that some route, header or issuer asks for. */
  readonly neededClaims: readonly string[]
  /** What scopes imply, whoever issued them. */
  readonly implyScopes: ImplyScopes
  /** Every header, in every spelling, that only Scopegate may send upstream. */
  readonly managedHeaders: readonly string[]
  /** Of the issuers that are asked about tokens. */
  readonly introspections: readonly IntrospectionOptions[]
  /** Undefined when nothing can ever be revoked here. */
  readonly revocation: RevocationOptions | undefined
}
