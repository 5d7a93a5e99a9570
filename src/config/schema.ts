/**
 * The configuration as a schema: the one source of its types, its checks and the JSON Schema that editors use.
 * What a single value cannot show (names that refer to each other, routes that collide) is checked in compile.ts.
 */
import * as z from 'zod'
import type { ConfigInput, ConfigParts } from './config-input.js'
import { positive, seconds, text } from './schema-atoms.js'
import { issuerParts, issuerSchema } from './schema-issuer.js'
import { listenParts, listenSchema } from './schema-listen.js'
import { resourceParts, resourceSchema } from './schema-resource.js'
import { revocationParts, revocationSchema } from './schema-revocation.js'
import { scopeHierarchySchema, scopeWildcardsSchema } from './schema-scopes.js'

const limits = z.strictObject({
  maxTokenBytes: positive.max(65_536).default(16_384),
  decisionTimeoutMs: positive.max(60_000).default(1_000),
  maxWaitingChecks: positive.default(10_000),
  maxConcurrentVerifications: positive.max(1_024).optional(),
  maxQueueMs: positive.max(60_000).default(200),
  maxLoopDelayMs: positive.max(60_000).default(200),
  maxCachedTokens: positive.default(100_000),
  maxCacheBytes: positive.default(268_435_456),
})

const log = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  allowSampleEvery: z.number().int().min(0).default(0),
})

const shutdown = z.strictObject({
  drainSeconds: z.number().min(0).max(600).default(5),
  graceSeconds: seconds.default(10),
})

/** The whole configuration. */
export const configSchema: z.ZodType<ConfigInput> = z.strictObject({
  listen: listenSchema,
  keysSnapshotDir: text.optional(),
  issuers: z.array(issuerSchema).default([]),
  resources: z.array(resourceSchema).min(1),
  limits: limits.prefault({}),
  log: log.prefault({}),
  shutdown: shutdown.prefault({}),
  revocation: revocationSchema.optional(),
  scopeHierarchy: scopeHierarchySchema.optional(),
  scopeWildcards: scopeWildcardsSchema.optional(),
})

/**
 * The same without refusing anything: issuers, resources and routes of the wrong shape are undefined, in their places.
 * So what only shows in the whole is checked, and reported, in the same run as what the schema refuses.
 */
export const configPartsSchema: z.ZodType<ConfigParts> = z.object({
  listen: listenParts,
  keysSnapshotDir: text.optional().catch(undefined),
  issuers: z.array(issuerParts).default([]).catch([undefined]),
  resources: z.array(resourceParts).catch([]),
  limits: limits.prefault({}).catch(() => limits.parse({})),
  log: log.prefault({}).catch(() => log.parse({})),
  shutdown: shutdown.prefault({}).catch(() => shutdown.parse({})),
  revocation: revocationParts,
  scopeHierarchy: scopeHierarchySchema.optional().catch(undefined),
  scopeWildcards: scopeWildcardsSchema.optional().catch(undefined),
})

/** The JSON Schema (2020-12) of a configuration file as people write it. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    ...z.toJSONSchema(configSchema, { io: 'input' }),
    title: 'Scopegate configuration',
  }
}
