/** A protected resource and its routes in the schema. */
import * as z from 'zod'
import type {
  CombinationInput,
  NameInput,
  NamesInput,
  ResourceInput,
  ResourceParts,
} from './config-input.js'
import { tokenCheckSchema } from './schema-introspection.js'
import { delegationSchema, subjectTypeSchema } from './schema-caller.js'
import { fieldText, id, pointer, scopeName, text } from './schema-atoms.js'

function names(name: z.ZodString): z.ZodType<NamesInput> {
  const message =
    'is not a list of names, nor one of { all: [...] }, { any: [...] }, { none: [...] }'
  const expression: z.ZodType<NameInput> = z.lazy(() =>
    z.union([name, combination], { error: message }),
  )
  const list = z
    .array(expression)
    .min(1, 'is empty: use "access: authenticated" to demand only a token')
  const combination: z.ZodType<CombinationInput> = z.union(
    [z.strictObject({ all: list }), z.strictObject({ any: list }), z.strictObject({ none: list })],
    { error: message },
  )
  return z.union([list, combination], { error: (issue) => unionMessage(issue, message) })
}

function unionMessage(issue: { readonly input?: unknown }, message: string): string {
  return Array.isArray(issue.input) && issue.input.length === 0
    ? 'is empty: use "access: authenticated" to demand only a token'
    : message
}

const requirement = z.strictObject({
  scopes: names(scopeName).optional(),
  permissions: names(text).optional(),
  roles: names(text).optional(),
  claims: z
    .array(
      z.strictObject({
        claim: pointer,
        equals: z.union([z.string(), z.number(), z.boolean()], {
          error: 'is not a text, a number, true or false',
        }),
      }),
    )
    .min(1)
    .optional(),
  groups: names(text).optional(),
  entitlements: names(text).optional(),
})

const route = z.strictObject({
  id,
  methods: z
    .array(
      z
        .string()
        .regex(/^[A-Z][A-Z0-9_-]{0,31}$/, 'is not a method: methods are written in upper case'),
    )
    .min(1)
    .optional(),
  path: text,
  access: z.enum(['public', 'authenticated']).optional(),
  scopes: names(scopeName).optional(),
  require: requirement.optional(),
  tokenCheck: tokenCheckSchema.optional(),
  delegation: delegationSchema.optional(),
  subjectType: subjectTypeSchema.optional(),
})

const resource = z.strictObject({
  id,
  hosts: z.array(text).min(1).optional(),
  audiences: z.array(text).min(1),
  issuers: z.array(id).min(1).optional(),
  realm: fieldText.optional(),
  metadataUrl: z
    .string()
    .regex(/^https?:\/\/[\x21-\x7e]+$/, 'is not a URL')
    .optional(),
  upstreamHeaders: z
    .record(
      z
        .string()
        .regex(
          /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/,
          'is not a header name of letters, digits and hyphens',
        ),
      pointer,
    )
    .default({}),
  routes: z.array(route).min(1),
  opaqueIssuer: id.optional(),
  delegation: delegationSchema.optional(),
  subjectType: subjectTypeSchema.optional(),
})

/** A resource; unknown keys are refused. */
export const resourceSchema: z.ZodType<ResourceInput> = resource

const routeParts = z.array(route.optional().catch(undefined)).catch([])
/** The same without refusing anything: undefined when it has the wrong shape, and so are routes of it. */
export const resourceParts: z.ZodType<ResourceParts | undefined> = z
  .object({ ...resource.shape, routes: routeParts })
  .optional()
  .catch(undefined)
