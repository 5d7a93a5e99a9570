/**
 * Hosts of a resource: exact names, or names whose first label is a variable, `{tenant}.api.example.com`.
 *
 * The rules are:
 *   - a variable is the whole first label and stands for exactly one label that is not empty;
 *   - an exact name wins over a variable, and a variable over "every host".
 */
import { canonicalHost } from './canonical-host.js'

/** A host with a variable: its name, and the host that follows its label. */
export interface HostPattern {
  readonly name: string
  readonly suffix: string
}

const pattern = /^\{([A-Za-z_][A-Za-z0-9_]*)\}\.(.+)$/

/** The parts of a host with a variable, or undefined when it is none or what follows is no canonical host. */
export function parseHostPattern(host: string): HostPattern | undefined {
  const [, name, suffix] = pattern.exec(host) ?? []
  if (name === undefined || suffix === undefined || canonicalHost(suffix) !== suffix) {
    return undefined
  }
  return { name, suffix }
}

/** How the route table keeps a host with a variable: no host of a request can look like this. */
export function anyLabelBefore(suffix: string): string {
  return `*.${suffix}`
}
