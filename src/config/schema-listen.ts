/** The doors and the admin port in the schema. */
import * as z from 'zod'
import type { ListenInput } from './config-input.js'
import { address, positive, seconds, text } from './schema-atoms.js'

const tls = z
  .strictObject({ certFile: text, keyFile: text, clientCaFile: text.optional() })
  .optional()
const onUnavailable = z.enum(['deny', 'defer']).default('deny')

const grpc = z.strictObject({
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

const listen = z.strictObject({
  grpc: grpc.optional(),
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

/** The doors; unknown keys are refused, and all of it may be left out. */
export const listenSchema: z.ZodType<ListenInput> = listen.prefault({})
/** The same without refusing anything: the defaults when it has the wrong shape. */
export const listenParts: z.ZodType<ListenInput> = listen.prefault({}).catch(() => listen.parse({}))

/** The gRPC door as it is when nothing is said about doors at all. */
export function usualGrpc(): NonNullable<ListenInput['grpc']> {
  return grpc.parse({})
}
