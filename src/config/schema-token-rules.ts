/** The rules for an issuer's tokens in the schema. */
import * as z from 'zod'
import type { ClaimTestInput, ClaimTestsInput, HeaderTestsInput } from './config-input.js'
import { pointer, text } from './schema-atoms.js'

// Whole numbers that are exact, because others are rounded when they are read.
const value = z.union([z.string(), z.int(), z.boolean()])

const claimTest: z.ZodType<ClaimTestInput> = z.union(
  [
    value,
    z.array(value).min(1),
    z.strictObject({ prefix: text }),
    z.strictObject({ present: z.literal(true) }),
  ],
  {
    error:
      'is not a value, a list of values, { prefix: text } or { present: true }; numbers are whole',
  },
)
const claimTests: z.ZodType<ClaimTestsInput> = z.record(pointer, claimTest)
const headerTests: z.ZodType<HeaderTestsInput> = z.record(
  text,
  z.union([text, z.array(text).min(1)], { error: 'is not a text, nor a list of texts' }),
)

/** The keys of an issuer that hold its rules. */
export const tokenRuleKeys: {
  readonly require: z.ZodOptional<typeof claimTests>
  readonly refuse: z.ZodOptional<typeof claimTests>
  readonly refuseHeaders: z.ZodOptional<z.ZodArray<z.ZodString>>
  readonly requireHeaders: z.ZodOptional<typeof headerTests>
  readonly padding: z.ZodOptional<z.ZodEnum<{ refuse: 'refuse'; tolerate: 'tolerate' }>>
  readonly refuseIssuers: z.ZodOptional<z.ZodArray<z.ZodString>>
  readonly audience: z.ZodOptional<z.ZodEnum<{ required: 'required'; optional: 'optional' }>>
  readonly clients: z.ZodOptional<z.ZodArray<z.ZodString>>
  readonly allowIdTokens: z.ZodOptional<z.ZodBoolean>
  readonly subject: z.ZodOptional<z.ZodString>
} = {
  require: claimTests.optional(),
  refuse: claimTests.optional(),
  refuseHeaders: z.array(text).min(1).optional(),
  requireHeaders: headerTests.optional(),
  padding: z.enum(['refuse', 'tolerate']).optional(),
  refuseIssuers: z.array(text).min(1).optional(),
  audience: z.enum(['required', 'optional']).optional(),
  clients: z.array(text).min(1).optional(),
  allowIdTokens: z.boolean().optional(),
  subject: pointer.optional(),
}
