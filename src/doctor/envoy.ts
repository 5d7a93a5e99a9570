/** An Envoy configuration, examined by every rule there is. */
import { envoyCallRules } from './envoy-call-rules.js'
import { envoyClusterRules } from './envoy-cluster-rules.js'
import { envoyConfig, type GateFilter } from './envoy-config.js'
import { envoyConnectionRules } from './envoy-connection-rules.js'
import { parseEnvoyDocument, type EnvoyDocument } from './envoy-document.js'
import { envoyFilterRules } from './envoy-filter-rules.js'
import { envoyRouteRules } from './envoy-route-rules.js'
import { findAll, type Finding, type Rule, type RuleSummary } from './finding.js'

const documentRules: readonly Rule<EnvoyDocument>[] = [
  {
    id: 'envoy/repeated-key',
    severity: 'error',
    what: 'a key is there twice: Envoy takes that without a word, and a reader cannot know which one counts',
    mend: 'remove one of them',
    find: ({ repeatedKeys }) =>
      repeatedKeys.map(({ at, key }) => ({
        at,
        message: `"${key}" is there twice: Envoy takes that without a word, and a reader cannot know which one counts`,
      })),
  },
]

/** Every rule for Envoy. */
export const envoyRules: readonly RuleSummary[] = [
  ...envoyConnectionRules,
  ...envoyFilterRules,
  ...envoyCallRules,
  ...envoyClusterRules,
  ...envoyRouteRules,
  ...documentRules,
]

/** What weakens the gate in an Envoy configuration. Throws Unreadable for a text that is no YAML. */
export function examineEnvoy(text: string, file: string): readonly Finding[] {
  const document = parseEnvoyDocument(text, file)
  const config = envoyConfig(document.root)
  const { connections, gates, gateClusters } = config
  return [
    ...findAll(documentRules, document),
    ...findAll(envoyRouteRules, config),
    ...connections.flatMap((connection) =>
      findAll(envoyConnectionRules, connection, connections.length > 1 ? connection.name : ''),
    ),
    ...gates.flatMap((gate) =>
      findAll([...envoyFilterRules, ...envoyCallRules], gate, gates.length > 1 ? nameOf(gate) : ''),
    ),
    ...gateClusters.flatMap((cluster) =>
      findAll(envoyClusterRules, cluster, gateClusters.length > 1 ? cluster.name : ''),
    ),
  ]
}

function nameOf({ connection, filter, config }: GateFilter): string {
  const own = config.fields.get('stat_prefix')?.scalar
  return [connection.name, filter.name, own]
    .filter((part) => typeof part === 'string' && part !== '')
    .join(' ')
}
