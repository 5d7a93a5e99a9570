/** The doctor: what weakens the gate in the configuration of the proxy in front of it. Starts and calls nothing. */
export { doctorRules, examineFile, examineText } from './doctor.js'
export type { Diagnosis, ProxyKind } from './doctor.js'
export { formatFinding, formatPlace } from './finding.js'
export type { Finding } from './finding.js'
