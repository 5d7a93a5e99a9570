/** The part of the composition root that builds revocation: its store, its files, and who is told. */
import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { GateConfig } from './config/index.js'
import type { Clock } from './jwks/index.js'
import { createRedisStore, RevocationService, type Revocation } from './revocation/index.js'
import type { Log, Metrics, Readiness } from './telemetry/index.js'

/** Who is told; built after what tells them. */
export interface Telemetry {
  readonly metrics: Metrics
  readonly readiness: Readiness
}

/** The service of a configuration, not started yet; undefined without one. Rejects when a file of it cannot be read. */
export async function createRevocation(
  { revocation, trustedIssuers }: GateConfig,
  clock: Clock,
  log: Log,
  telemetry: () => Telemetry,
  tellWorkers?: (revocation: Revocation) => Promise<void>,
): Promise<RevocationService | undefined> {
  if (revocation === undefined) return undefined
  const { redis } = revocation
  const readOptional = async (path: string | undefined): Promise<string | undefined> =>
    path === undefined ? undefined : await readFile(path, 'utf8')
  const store =
    redis &&
    (await createRedisStore({
      ...redis,
      password: (await readOptional(redis.passwordFile))?.trim(),
      caCertificate: await readOptional(redis.caFile),
      random: Math.random,
    }))
  return new RevocationService(revocation, {
    clock,
    random: Math.random,
    issuers: trustedIssuers,
    store,
    ...(tellWorkers === undefined ? {} : { tellWorkers }),
    readTextFile: async (path) => await readFile(path, 'utf8'),
    fingerprint: async (path) => hash('sha256', await readFile(path), 'base64'),
    observer: {
      counted: (source, result) => {
        telemetry().metrics.revocation(source, result)
      },
      noted: (level, message, details) => {
        log[level](message, details)
      },
      changed: () => {
        telemetry().readiness.update()
      },
    },
  })
}
