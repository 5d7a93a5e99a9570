/** Several processes that are one gate: kept alive, told the same, and seen as one by operators. Decides nothing. */
export type { Pipe } from './channel.js'
export type { WorkerFailure } from './questions.js'
export { WorkerLink } from './worker-link.js'
export { WorkerPool } from './worker-pool.js'
export type { WorkerProcess } from './worker.js'
export { workersAdminSources, workersRevocationPage } from './workers-admin.js'
