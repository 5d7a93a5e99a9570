/** An authorization server in the schema. */
import * as z from 'zod'
import { jwsAlgorithms } from '../jwks/index.js'
import type { IssuerInput } from './config-input.js'
import { presetNames } from './presets.js'
import { introspectionSchema, tokenCheckSchema } from './schema-introspection.js'
import { id, positive, seconds, text } from './schema-atoms.js'
import { subjectTypeRuleSchema } from './schema-caller.js'
import { claimsSchema } from './schema-claims.js'
import { tokenRuleKeys } from './schema-token-rules.js'
import { issuerLimitsShape } from './schema-partner.js'
import { issuerTemplateShape } from './schema-template.js'

const keys = z.strictObject({
  discovery: z.literal(true).optional(),
  jwksUri: text.optional(),
  jwksFile: text.optional(),
  jwks: z.looseObject({ keys: z.array(z.looseObject({})) }).optional(),
  pem: z
    .strictObject({ file: text.optional(), inline: text.optional(), kid: text.max(256).optional() })
    .optional(),
  x509Map: text.optional(),
  secretFile: text.optional(),
  caFile: text.optional(),
  bearerTokenFile: text.optional(),
  trustAnchorsFile: text.optional(),
  refreshSeconds: seconds.default(300),
  maxStaleSeconds: z.number().positive().max(31_536_000).default(86_400),
  cooldownSeconds: seconds.default(10),
  timeoutSeconds: seconds.max(60).default(5),
  maxWaitingChecks: positive.default(1_000),
  allowInsecure: z.boolean().default(false),
  metadataUrl: text.optional(),
  keyUrl: text.optional(),
  honourKeyIssuer: z.boolean().optional(),
  load: z.enum(['start', 'first-use']).default('start'),
})

const issuer = z.strictObject({
  id,
  issuer: text.optional().describe('Compared with the claim iss code point by code point'),
  preset: z.enum(presetNames).default('generic-rfc9068'),
  keys: keys.prefault({}),
  algorithms: z.array(z.enum(jwsAlgorithms)).min(1).optional(),
  tokenTypes: z
    .union([z.literal('lenient'), z.array(text).min(1)], {
      error: 'is not a list of types such as [at+jwt], nor "lenient"',
    })
    .optional(),
  clockToleranceSeconds: z.number().min(0).max(300).default(30),
  claims: claimsSchema.prefault({}),
  ...tokenRuleKeys,
  introspection: introspectionSchema.optional(),
  tokenCheck: tokenCheckSchema.optional(),
  ...issuerLimitsShape,
  ...issuerTemplateShape,
  subjectType: subjectTypeRuleSchema.optional(),
})

/** An issuer; unknown keys are refused. */
export const issuerSchema: z.ZodType<IssuerInput> = issuer
/** The same without refusing anything: undefined when it has the wrong shape. */
export const issuerParts: z.ZodType<IssuerInput | undefined> = z
  .object(issuer.shape)
  .optional()
  .catch(undefined)
