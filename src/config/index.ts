/** The configuration: read, checked as a whole, every problem reported at once. The only reader of its files. */
export type { GateConfig } from './gate-config.js'
export { readConfigBytes } from './documents.js'
export { explainConfig } from './explain.js'
export type { ExplainedIssuer } from './explain.js'
export { loadConfig } from './load.js'
export { ConfigError, formatProblem } from './problem.js'
export type { Problem } from './problem.js'
export { configJsonSchema } from './schema.js'
