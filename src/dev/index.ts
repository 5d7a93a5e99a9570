/** An authorization server for trying things out on one's own machine. Knows nothing of the gate. */
export { startDevServer } from './authorization-server.js'
export type { DevServer } from './authorization-server.js'
