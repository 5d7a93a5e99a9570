/**
 * The configuration as a schema: the one source of its types, its checks and the JSON Schema that editors use.
 * What a single value cannot show (names that refer to each other, routes that collide) is checked in compile.ts.
 */
import { z } from 'zod'
import { jwsAlgorithms } from '../jwks/index.js'
import type {
  CombinationInput,
  ConfigInput,
  ConfigParts,
  NameInput,
  NamesInput,
} from './config-input.js'
import { presetNames } from './presets.js'

const id = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'is not an id: letters, digits, ".", "_" and "-", at most 64',
  )
const positive = z.number().int().positive()
// Two weeks: a timer of Node that is given more than 24.8 days fires at once, and gRPC adds a tenth of its own.
const seconds = z.number().positive().max(1_209_600)
const text = z.string().min(1)
// RFC 6749 section 3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
const scopeName = z
  .string()
  .regex(
    /^[\x21\x23-\x5b\x5d-\x7e]+$/,
    'is not a scope: scopes have no space, quote or backslash; each is a list item',
  )
const pointer = z.string().regex(/^\/(?:[^~]|~[01])*$/, 'is not a JSON Pointer such as /scope')
const fieldText = z.string().regex(/^[\x20-\x7e]+$/, 'must be printable ASCII')

const port = String.raw`(?:6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[1-5]\d{4}|\d{1,4})`
const address = z
  .string()
  .regex(
    new RegExp(String.raw`^(?:unix:.+|(?:\[[0-9A-Fa-f:.]+\]|[^:\s]+):${port})$`),
    'is not an address: write host:port or unix:/path',
  )

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

const keys = z.strictObject({
  discovery: z.literal(true).optional(),
  jwksUri: text.optional(),
  jwksFile: text.optional(),
  jwks: z.looseObject({ keys: z.array(z.looseObject({})) }).optional(),
  refreshSeconds: seconds.default(300),
  maxStaleSeconds: z.number().positive().max(31_536_000).default(86_400),
  cooldownSeconds: seconds.default(10),
  timeoutSeconds: seconds.max(60).default(5),
  allowInsecure: z.boolean().default(false),
})

const issuer = z.strictObject({
  id,
  issuer: text.describe('Compared with the claim iss code point by code point'),
  preset: z.enum(presetNames).default('generic-rfc9068'),
  keys: keys.prefault({ discovery: true }),
  algorithms: z.array(z.enum(jwsAlgorithms)).min(1).optional(),
  tokenTypes: z
    .union([z.literal('lenient'), z.array(text).min(1)], {
      error: 'is not a list of types such as [at+jwt], nor "lenient"',
    })
    .optional(),
  clockToleranceSeconds: z.number().min(0).max(300).default(30),
  claims: z
    .strictObject({
      scopes: z.array(pointer).min(1).optional(),
      permissions: z.array(pointer).min(1).optional(),
      roles: z.array(pointer).min(1).optional(),
      client: z.array(pointer).min(1).optional(),
    })
    .prefault({}),
})

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
})

const tls = z
  .strictObject({ certFile: text, keyFile: text, clientCaFile: text.optional() })
  .optional()
const onUnavailable = z.enum(['deny', 'defer']).default('deny')

const listen = z.strictObject({
  grpc: z
    .strictObject({
      address: address.default('0.0.0.0:50051'),
      tls,
      reflection: z.boolean().default(false),
      onUnavailable,
      // Above the 8 MiB that Envoy's header limit can be raised to, so that no request is too large to be denied.
      maxMessageBytes: positive.min(65_536).default(16_777_216),
      keepaliveSeconds: seconds.default(30),
      keepaliveTimeoutSeconds: seconds.default(10),
      maxConnectionAgeSeconds: seconds.default(1_800),
      maxConnectionAgeGraceSeconds: seconds.default(30),
      maxConnectionIdleSeconds: seconds.default(900),
    })
    .prefault({}),
  http: z
    .strictObject({
      address: address.default('0.0.0.0:8080'),
      trustedProxies: z.array(text).min(1).optional(),
      tls,
      onUnavailable,
      // Above what Envoy and NGINX take from a client; more is answered with 431.
      maxHeaderBytes: positive.min(8_192).max(16_777_216).default(131_072),
      maxConnections: positive.default(10_000),
      requestTimeoutSeconds: seconds.max(60).default(10),
      // Longer than the hour for which Envoy keeps an idle connection; others keep theirs for less.
      keepAliveSeconds: seconds.default(3_660),
    })
    .optional(),
  admin: z.strictObject({ address: address.default('127.0.0.1:8081') }).prefault({}),
})

const limits = z.strictObject({
  maxTokenBytes: positive.max(65_536).default(16_384),
  decisionTimeoutMs: positive.max(60_000).default(1_000),
  maxWaitingChecks: positive.default(10_000),
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
  listen: listen.prefault({}),
  issuers: z.array(issuer).default([]),
  resources: z.array(resource).min(1),
  limits: limits.prefault({}),
  log: log.prefault({}),
  shutdown: shutdown.prefault({}),
})

const routeParts = z.array(route.optional().catch(undefined)).catch([])

/**
 * The same without refusing anything: issuers, resources and routes of the wrong shape are undefined, in their places.
 * So what only shows in the whole is checked, and reported, in the same run as what the schema refuses.
 */
export const configPartsSchema: z.ZodType<ConfigParts> = z.object({
  listen: listen.prefault({}).catch(() => listen.parse({})),
  issuers: z
    .array(z.object(issuer.shape).optional().catch(undefined))
    .default([])
    .catch([undefined]),
  resources: z
    .array(
      z
        .object({ ...resource.shape, routes: routeParts })
        .optional()
        .catch(undefined),
    )
    .catch([]),
  limits: limits.prefault({}).catch(() => limits.parse({})),
  log: log.prefault({}).catch(() => log.parse({})),
  shutdown: shutdown.prefault({}).catch(() => shutdown.parse({})),
})

/** The JSON Schema (2020-12) of a configuration file as people write it. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    ...z.toJSONSchema(configSchema, { io: 'input' }),
    title: 'Scopegate configuration',
  }
}
