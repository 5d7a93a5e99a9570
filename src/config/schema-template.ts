/** An issuer that is one for each tenant, in the schema. */
import * as z from 'zod'
import type { IssuerTemplateInput } from './config-input.js'
import { pointer, text } from './schema-atoms.js'

/** The keys of an issuer that make it a template. */
export const issuerTemplateShape: {
  [K in keyof Required<IssuerTemplateInput>]: z.ZodType<IssuerTemplateInput[K]>
} = {
  issuerTemplate: text
    .optional()
    .describe('Instead of issuer: a URL with one {placeholder} for a whole path segment'),
  bind: z
    .record(
      text,
      z.strictObject({
        claim: pointer,
        pattern: z.enum(['guid', 'name']).default('guid'),
        allow: z.array(text).min(1).optional(),
      }),
    )
    .optional(),
}
