/** The smallest parts of the schema: texts of a form, numbers in bounds, addresses. */
import * as z from 'zod'

export const id: z.ZodString = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'is not an id: letters, digits, ".", "_" and "-", at most 64',
  )
export const positive: z.ZodNumber = z.number().int().positive()
// Two weeks: a timer of Node that is given more than 24.8 days fires at once, and gRPC adds a tenth of its own.
export const seconds: z.ZodNumber = z.number().positive().max(1_209_600)
export const text: z.ZodString = z.string().min(1)
// RFC 6749 section 3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
export const scopeName: z.ZodString = z
  .string()
  .regex(
    /^[\x21\x23-\x5b\x5d-\x7e]+$/,
    'is not a scope: scopes have no space, quote or backslash; each is a list item',
  )
export const pointer: z.ZodString = z
  .string()
  .regex(/^\/(?:[^~]|~[01])*$/, 'is not a JSON Pointer such as /scope')
export const fieldText: z.ZodString = z.string().regex(/^[\x20-\x7e]+$/, 'must be printable ASCII')

const port = String.raw`(?:6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[1-5]\d{4}|\d{1,4})`
export const address: z.ZodString = z
  .string()
  .regex(
    new RegExp(String.raw`^(?:unix:.+|(?:\[[0-9A-Fa-f:.]+\]|[^:\s]+):${port})$`),
    'is not an address: write host:port or unix:/path',
  )
