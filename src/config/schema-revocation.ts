/** Revocation in the schema. */
import * as z from 'zod'
import type { RevocationInput } from './config-input.js'
import { positive, seconds, text } from './schema-atoms.js'

const redis = z.strictObject({
  url: text,
  passwordFile: text.optional(),
  caFile: text.optional(),
  keyPrefix: z
    .string()
    .regex(
      /^[A-Za-z0-9:._-]{1,128}$/,
      'is not a key prefix: letters, digits, ":", ".", "_" and "-", at most 128',
    )
    .default('scopegate:revocation:'),
})

const revocation = z.strictObject({
  file: text.optional(),
  adminTokenFile: text.optional(),
  redis: redis.optional(),
  onStoreLoss: z.enum(['serve', 'deny']).optional(),
  maxAwaySeconds: seconds.max(3_600).optional(),
  maxEntries: positive.max(10_000_000).default(100_000),
})

/** Revocation; unknown keys are refused. */
export const revocationSchema: z.ZodType<RevocationInput> = revocation
/** The same without refusing anything: undefined when it has the wrong shape. */
export const revocationParts: z.ZodType<RevocationInput | undefined> = z
  .object(revocation.shape)
  .optional()
  .catch(undefined)
