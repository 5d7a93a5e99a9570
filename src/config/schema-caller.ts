/** Who may call, in the schema. */
import * as z from 'zod'
import type { DelegationInput, SubjectTypeInput } from './config-input.js'
import { pointer, text } from './schema-atoms.js'

/** Delegated tokens on a route or a resource. */
export const delegationSchema: z.ZodType<DelegationInput> = z.union(
  [z.enum(['allow', 'refuse']), z.strictObject({ actors: z.array(text).min(1) })],
  { error: 'is none of "allow", "refuse" and { actors: [...] }' },
)

/** Who the subject has to be. */
export const subjectTypeSchema: z.ZodType<'user' | 'client'> = z.enum(['user', 'client'])

/** How an issuer says who the subject is; unknown keys are refused. */
export const subjectTypeRuleSchema: z.ZodType<SubjectTypeInput> = z.strictObject({
  claim: pointer,
  user: z.array(text).default([]),
  client: z.array(text).default([]),
  absent: subjectTypeSchema.optional(),
})
