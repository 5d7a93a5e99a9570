/**
 * What a preset is: data about one kind of issuer, which fills in what the issuer's entry leaves out.
 *
 * The rules are:
 *   - what the operator writes wins, key by key; of `require` and `refuse`, claim by claim, and never so that the preset
 *     would refuse less (combine-tests.ts);
 *   - the operator writes the issuer, and the preset checks its form: a slash too many would cost an hour;
 *   - named groups of that form, and `{issuer}` for all of it, stand for their text in every other value;
 *   - what a preset cannot know and must not leave open it `needs`, and says why;
 *   - a fact without a source that was read is called "unverified" in the preset's comment.
 */
import type { JwsAlgorithm } from '../jwks/index.js'
import type { TokenTypes } from '../token/index.js'
import type { PlaceInput } from './claims-input.js'
import type { ClaimTestsInput, KeysInput } from './config-input.js'

/** Where claims are: JSON Pointers, some with a shape; all places count. */
export interface PresetClaims {
  readonly scopes: readonly PlaceInput[]
  readonly permissions: readonly PlaceInput[]
  readonly roles: readonly PlaceInput[]
  /** `/groups` when left out. */
  readonly groups?: readonly PlaceInput[]
  /** `/entitlements` when left out. */
  readonly entitlements?: readonly PlaceInput[]
  readonly client: readonly string[]
}

/** Where the keys are when the entry names no source. */
export type PresetKeys = Readonly<
  Pick<
    KeysInput,
    'discovery' | 'metadataUrl' | 'jwksUri' | 'x509Map' | 'caFile' | 'bearerTokenFile'
  >
>

/** One of the things below must be written by the operator. */
export interface PresetNeed {
  /** `clients`, `keys.keyUrl`, `requireHeaders.NAME`, or a claim that `require` must have. */
  readonly oneOf: readonly string[]
  /** What would happen without, as the end of a sentence. */
  readonly why: string
}

/** What a preset fills in. */
export interface Preset {
  /** What this kind of issuer looks like, and what to do when it does not. */
  readonly issuerForm?: { readonly pattern: RegExp; readonly hint: string }
  readonly keys?: PresetKeys
  readonly algorithms: readonly JwsAlgorithm[]
  readonly tokenTypes: TokenTypes
  readonly claims: PresetClaims
  readonly subject?: string
  readonly audience?: 'required' | 'optional'
  readonly clients?: readonly string[]
  readonly require?: Readonly<ClaimTestsInput>
  readonly refuse?: Readonly<ClaimTestsInput>
  readonly refuseHeaders?: readonly string[]
  readonly refuseIssuers?: readonly string[]
  readonly padding?: 'tolerate'
  /** Each of them; most presets have one at most. */
  readonly needs?: PresetNeed | readonly PresetNeed[]
}
