/** What operators see: metrics, log lines, readiness, and the port that serves them. Decides nothing. */
export { startAdminServer } from './admin-server.js'
export type { AdminServer } from './admin-server.js'
export { introspectionComponents } from './introspection-metrics.js'
export { issuerReports } from './issuer-report.js'
export { Log, standardOutput } from './log.js'
export type { LogOptions } from './log.js'
export { Metrics } from './metrics.js'
export { Readiness } from './readiness.js'
