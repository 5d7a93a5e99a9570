/** Introspection in the schema. */
import * as z from 'zod'
import { jwsAlgorithms } from '../jwks/index.js'
import type { IntrospectionInput, TokenCheckInput } from './config-input.js'
import { positive, seconds, text } from './schema-atoms.js'

/** How a JWT is checked. */
export const tokenCheckSchema: z.ZodType<TokenCheckInput> = z.enum(['jwt', 'introspection', 'both'])

/** The introspection of an issuer; unknown keys are refused. */
export const introspectionSchema: z.ZodType<IntrospectionInput> = z.strictObject({
  endpoint: text.optional(),
  discovery: z.literal(true).optional(),
  clientId: text.max(1_024),
  clientSecretFile: text.optional(),
  privateKeyFile: text.optional(),
  kid: text.max(256).optional(),
  algorithm: z.enum(jwsAlgorithms).optional(),
  authMethod: z.enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt']).optional(),
  signedResponses: z.enum(['off', 'require']).default('off'),
  timeoutSeconds: seconds.max(60).default(2),
  maxWaitingChecks: positive.default(1_000),
  maxConcurrentRequests: positive.max(10_000).default(64),
  maxNewTokensPerSecond: positive.max(1_000_000).default(200),
  cacheSeconds: z.number().min(0).max(300).default(30),
  negativeCacheSeconds: z.number().min(0).max(60).default(5),
  tokenPrefix: z
    .string()
    .regex(/^[A-Za-z0-9._~+/-]{1,64}$/, 'is not the start of a token: 1 to 64 characters of tokens')
    .optional(),
  caFile: text.optional(),
  allowInsecure: z.boolean().default(false),
  maxResponseBytes: positive.min(1_024).max(1_048_576).default(65_536),
})
