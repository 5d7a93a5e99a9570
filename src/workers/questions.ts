/** What primary and workers ask each other. Decides nothing. */
import type { Socket } from 'node:net'
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

/** A door and the address at which it takes connections. */
export interface DoorAddress {
  readonly door: string
  readonly address: string
}

/** What the workers of a door have in common. */
export interface SharedDoorFacts {
  /** With the port that was given. */
  readonly address: string
  /** A session of TLS that began at one worker goes on at another one. */
  readonly ticketKeys: Uint8Array
}

/** What became of a connection. */
export interface Taking {
  /** The worker has it, has no room for it, or takes none at this door. */
  readonly is: 'taken' | 'refused' | 'closed'
  /** How many of this door the worker has now. */
  readonly open: number
}

/** How many connections of a door a worker has. */
export interface OpenConnections extends DoorAddress {
  readonly open: number
}

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
  /** Have this connection. */
  readonly connection: (at: DoorAddress, socket?: Socket) => Taking | Promise<Taking>
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
  /** From now on the worker gets its share of the connections. Rejects when nobody can have the address. */
  readonly openDoor: (at: DoorAddress) => Promise<SharedDoorFacts>
  readonly closeDoor: (at: DoorAddress) => void
  /** Connections have ended. */
  readonly connectionsEnded: (left: OpenConnections) => void
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
