/** How one issuer is asked about access tokens. Configuration only: nothing in a token chooses an endpoint. */
import type { JwsAlgorithm } from '../jwks/index.js'
import type { ReadClaim, TokenCheck, TokenRules, TokenTypes } from '../token/index.js'

/** By what the gate shows the issuer who is asking (RFC 6749 section 2.3.1, RFC 7523 section 2.2). Secrets are in files. */
export type ClientAuthentication =
  | {
      readonly method: 'client_secret_basic' | 'client_secret_post'
      readonly clientId: string
      readonly secretFile: string
    }
  | {
      readonly method: 'private_key_jwt'
      readonly clientId: string
      readonly privateKeyFile: string
      readonly kid: string | undefined
      readonly algorithm: JwsAlgorithm
    }

/** The introspection of one issuer. Times in milliseconds. */
export interface IntrospectionOptions {
  /** The configuration's name for the issuer. */
  readonly issuerId: string
  /** What the issuer calls itself. */
  readonly issuer: string
  /** Undefined asks the issuer's metadata. */
  readonly endpoint: string | undefined
  readonly authentication: ClientAuthentication
  /** Whether every answer has to be signed (RFC 9701). */
  readonly requiresSignature: boolean
  readonly algorithms: ReadonlySet<JwsAlgorithm>
  /** Whether a key signs answers only of the issuer that it names in the JWKS. */
  readonly honoursKeyIssuer: boolean
  readonly timeoutMs: number
  readonly maxConcurrent: number
  /** Of tokens that were not active a while ago. */
  readonly maxNewTokensPerSecond: number
  readonly maxWaitingChecks: number
  readonly cacheMs: number
  readonly negativeCacheMs: number
  readonly maxResponseBytes: number
  readonly allowInsecure: boolean
  /** The only authorities that may vouch for the endpoint's server; undefined are those of the system. */
  readonly caFile: string | undefined
  /** What the opaque tokens of this issuer start with. */
  readonly tokenPrefix: string | undefined
  /** What the issuer's tokens are held against, whether they are read here or asked about. */
  readonly rules: TokenRules
  readonly tokenTypes: TokenTypes
  /** Where the issuer's tokens name the client (`claims.client`). */
  readonly clientPlaces: readonly ReadClaim[]
  readonly clockToleranceMs: number
  /** How JWTs of this issuer are checked when the route says nothing. */
  readonly tokenCheck: TokenCheck
}
