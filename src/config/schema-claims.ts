/** Where an issuer keeps names in its claims, in the schema. */
import * as z from 'zod'
import type { ClaimsInput, PlaceInput } from './claims-input.js'
import { pointer, text } from './schema-atoms.js'

const shaped = z.strictObject({
  pointer,
  shape: z.enum(['auto', 'string', 'array', 'objectKeys', 'scim']).default('auto'),
  prefix: text.optional(),
})

const place: z.ZodType<PlaceInput> = z.union([pointer, shaped], {
  error: 'is neither a JSON Pointer such as /roles nor { pointer: ..., shape: ..., prefix: ... }',
})
const places = z.array(place).min(1).optional()

/** The claims of an issuer; unknown keys are refused. */
export const claimsSchema: z.ZodType<ClaimsInput> = z.strictObject({
  scopes: places,
  permissions: places,
  roles: places,
  client: z.array(pointer).min(1).optional(),
  groups: places,
  entitlements: places,
})
