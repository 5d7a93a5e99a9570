/** What limits an issuer, in the schema: the resources, the names and the meaning of names. */
import * as z from 'zod'
import type { IssuerLimitsInput } from './config-input.js'
import { id, scopeName, text } from './schema-atoms.js'

/** The keys of an issuer that limit it. */
export const issuerLimitsShape: {
  [K in keyof Required<IssuerLimitsInput>]: z.ZodType<IssuerLimitsInput[K]>
} = {
  resources: z.array(id).min(1).optional(),
  grantableScopes: z.array(scopeName).optional(),
  grantablePermissions: z.array(text).optional(),
  grantableRoles: z.array(text).optional(),
  mapScopes: z.record(scopeName, z.array(scopeName)).optional(),
  grantableGroups: z.array(text).optional(),
  grantableEntitlements: z.array(text).optional(),
}
