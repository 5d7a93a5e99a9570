/** Where an issuer keeps names, as a value: what the schema gives and presets fill in. */
import type { ClaimShape, NameKind } from '../policy/index.js'

/** A place of names: a JSON Pointer, or one with its shape. */
export type PlaceInput =
  string | { pointer: string; shape: ClaimShape; prefix?: string | undefined }

/** Where an issuer keeps what policy asks for. */
export interface ClaimsInput extends Partial<Record<NameKind, PlaceInput[] | undefined>> {
  client?: string[] | undefined
}
