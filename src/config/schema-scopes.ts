/** What scopes imply, in the schema. */
import * as z from 'zod'
import type { ScopeHierarchyInput, ScopeWildcardsInput } from './config-input.js'
import { scopeName } from './schema-atoms.js'

/** Scopes, and what each of them implies. */
export const scopeHierarchySchema: z.ZodType<ScopeHierarchyInput> = z.record(
  scopeName,
  z.array(scopeName).min(1),
)

/** Wildcards of granted scopes; unknown keys are refused. */
export const scopeWildcardsSchema: z.ZodType<ScopeWildcardsInput> = z.strictObject({
  separator: z.enum([':', '.', '/']),
})
