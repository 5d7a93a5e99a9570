/** What every door is built from, whatever its protocol. */
import type { Check } from './check.js'
import type { CheckObserver } from './observer.js'

/** What every door needs. */
export interface DoorDependencies {
  readonly check: Check
  readonly observer: CheckObserver
  /** Shared by all doors of a process, so that no id is given twice. */
  readonly nextDecisionId: () => string
  readonly monotonicMs: () => number
  /** Told about every fault that a door turned into a refusal. */
  readonly onFault: (fault: unknown) => void
}
