/** What primary and workers ask each other. Decides nothing. */
import type { Revocation, RevocationAnswer } from '../revocation/index.js'
import type { MetricFigures, ReadinessReport } from '../telemetry/index.js'

/** A question to a page of the admin port, with its body: undefined when that was too large. */
export interface WholeQuestion {
  readonly method: string
  readonly authorization: string | undefined
  readonly body: Uint8Array | undefined
}

/** How a worker is to end: like a process of its own, or because another one is in its place. */
export type Ending = 'shutdown' | 'retire'

/** What the primary may ask a worker. */
export interface WorkerAnswers {
  readonly figures: () => Promise<MetricFigures>
  readonly readiness: () => ReadinessReport | Promise<ReadinessReport>
  readonly issuers: () => unknown
  readonly revocations: (question: WholeQuestion) => Promise<RevocationAnswer>
  /** Puts in force what another worker was told; rejects when there is no room. */
  readonly take: (revocation: Revocation) => void
  /** Open the doors, even without keys: nobody else is ready. */
  readonly open: () => void
  readonly reload: () => void
  /** Answers with how long that may take, in milliseconds. */
  readonly end: (how: Ending) => number
}

/** What a worker finds when it starts. */
export interface Handover {
  /** Where the one admin port is. */
  readonly admin: string
  /** What the admin API was told so far. */
  readonly revocations: readonly Revocation[]
}

/** What a worker may ask the primary. */
export interface PrimaryAnswers {
  /** The texts of the last configuration that could be used. */
  readonly lastGood: () => ReadonlyMap<string, string>
  /** The texts of one that can be used. */
  readonly loaded: (texts: ReadonlyMap<string, string>) => void
  /** From now on the worker can be asked. */
  readonly attach: () => Handover
  readonly listening: () => void
  readonly ready: (isReady: boolean) => void
  /** Resolves when every other worker has it. */
  readonly revoked: (revocation: Revocation) => Promise<void>
  /** The worker cannot start, and ends. */
  readonly failed: (failure: WorkerFailure) => void
}

/** Why a worker could not start. */
export interface WorkerFailure {
  readonly lines: readonly string[]
  readonly exitCode: number
}
