/** Where an issuer keeps names, out of its `claims` and its preset. */
import type { ClaimPointers } from '../check/index.js'
import { nameKinds, parseJsonPointer, type JsonPointer, type NamePlace } from '../policy/index.js'
import type { PlaceInput } from './claims-input.js'
import type { FilledIssuer } from './fill-issuer.js'

/** The places of an issuer whose preset is filled in. */
export function compileClaims(claims: FilledIssuer['claims']): ClaimPointers {
  const kinds = nameKinds.map((kind) => [kind, claims[kind].map(place)])
  return {
    ...(Object.fromEntries(kinds) as Omit<ClaimPointers, 'client'>),
    client: claims.client.map(pointer),
  }
}

/** A pointer that the schema has already found to be one. */
export function pointer(text: string): JsonPointer {
  const parsed = parseJsonPointer(text)
  if (parsed === undefined) throw new TypeError(`"${text}" is not a JSON Pointer`)
  return parsed
}

function place(input: PlaceInput): NamePlace {
  if (typeof input === 'string') return pointer(input)
  return { pointer: pointer(input.pointer), shape: input.shape, prefix: input.prefix ?? '' }
}
