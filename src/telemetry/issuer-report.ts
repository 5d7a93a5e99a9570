/** What operators see of the keys and the introspection of each issuer, on `/issuers`. Public facts only: no key material and no secret. */
import type { IntrospectionStatus } from './introspection-metrics.js'
import type { Clock, IssuerKeyState } from '../jwks/index.js'

/** One key that is in use. */
export interface KeyReport {
  readonly kid: string | null
  /** The algorithm that the issuer published for the key, when it did. */
  readonly algorithm: string | null
  /** The first characters of the RFC 7638 thumbprint: enough to tell keys apart. Null for a secret. */
  readonly thumbprint: string | null
}

/** The keys of one issuer. Times in seconds; null where there is none. */
export interface IssuerReport {
  readonly id: string
  readonly issuer: string
  readonly keySource: string
  readonly keys: readonly KeyReport[]
  readonly refusedKeys: number
  readonly loadedAt: string | null
  readonly ageSeconds: number | null
  readonly nextRefreshInSeconds: number | null
  readonly fromSnapshot: boolean
  readonly failuresInARow: number
  readonly lastError: string | null
  /** Only of an issuer that is asked about tokens. */
  readonly introspection?: IntrospectionReport
}

/** How an issuer is asked about tokens. */
export interface IntrospectionReport {
  /** Null when it is found in the issuer's metadata. */
  readonly endpoint: string | null
  readonly authMethod: string
  readonly signedResponses: 'off' | 'require'
  readonly tokenCheck: string
  readonly circuit: string
  readonly lastError: string | null
}

/** An issuer whose keys are never used. */
export type KeylessIssuerReport = Pick<IssuerReport, 'id' | 'issuer' | 'introspection'>

const thumbprintPrefix = 12

/** The report of every issuer, in the order of the configuration; those whose keys are never used come last. */
export function issuerReports(
  states: readonly IssuerKeyState[],
  clock: Pick<Clock, 'monotonicMs' | 'wallMs'>,
  introspections: readonly IntrospectionStatus[] = [],
): readonly (IssuerReport | KeylessIssuerReport)[] {
  const nowMs = clock.monotonicMs()
  const asked = new Map(introspections.map((one) => [one.options.issuerId, one]))
  const withKeys = states.map((state) => {
    const { options, loadedAtMs, nextRefreshAtMs, set } = state
    const ageMs = loadedAtMs === undefined ? undefined : nowMs - loadedAtMs
    return {
      id: options.id,
      issuer: options.issuer,
      keySource: options.source.kind,
      keys: (set?.keys ?? []).map(({ kid, algorithm, isSecret, thumbprint }) => ({
        kid: kid ?? null,
        algorithm: algorithm ?? null,
        thumbprint: isSecret ? null : thumbprint.slice(0, thumbprintPrefix),
      })),
      refusedKeys: set?.refusedKeys ?? 0,
      loadedAt: ageMs === undefined ? null : isoTime(clock.wallMs() - ageMs),
      ageSeconds: ageMs === undefined ? null : seconds(ageMs),
      nextRefreshInSeconds: nextRefreshAtMs === undefined ? null : seconds(nextRefreshAtMs - nowMs),
      fromSnapshot: state.isFromSnapshot,
      failuresInARow: state.failuresInARow,
      lastError: state.lastFault ?? null,
      ...introspectionReport(asked.get(options.id)),
    }
  })
  const known = new Set(withKeys.map(({ id }) => id))
  const keyless = introspections
    .filter(({ options }) => !known.has(options.issuerId))
    .map((one) => ({
      id: one.options.issuerId,
      issuer: one.options.issuer,
      ...introspectionReport(one),
    }))
  return [...withKeys, ...keyless]
}

function introspectionReport(
  status: IntrospectionStatus | undefined,
): Pick<IssuerReport, 'introspection'> {
  if (status === undefined) return {}
  const { options, circuit, lastFault } = status
  return {
    introspection: {
      endpoint: options.endpoint ?? null,
      authMethod: options.authentication.method,
      signedResponses: options.requiresSignature ? 'require' : 'off',
      tokenCheck: options.tokenCheck,
      circuit,
      lastError: lastFault ?? null,
    },
  }
}

function seconds(ms: number): number {
  return Math.round(ms) / 1_000
}

function isoTime(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
