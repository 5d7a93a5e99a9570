/** An NGINX configuration, examined by every rule there is. */
import { findAll, type Finding, type Rule, type RuleSummary } from './finding.js'
import { nginxCallRules } from './nginx-call-rules.js'
import { readNginxFiles, type NginxFiles } from './nginx-files.js'
import { nginxGateRules } from './nginx-gate-rules.js'
import { nginxLocationRules } from './nginx-location-rules.js'
import { scopesOf } from './nginx-scope.js'
import { nginxConfig } from './nginx-serving.js'
import { nginxUpstreamRules } from './nginx-upstream-rules.js'

const fileRules: readonly Rule<NginxFiles>[] = [
  {
    id: 'nginx/include-missing',
    severity: 'warning',
    what: 'an included file is not there, so it could not be looked at',
    mend: 'let the doctor see the configuration where its includes are',
    find: ({ missing }) =>
      missing.map(({ at, name }) => ({
        at,
        message: `"${name}" is not there, so it could not be looked at`,
      })),
  },
]

/** Every rule for NGINX. */
export const nginxRules: readonly RuleSummary[] = [
  ...nginxLocationRules,
  ...nginxUpstreamRules,
  ...nginxGateRules,
  ...nginxCallRules,
  ...fileRules,
]

/** What weakens the gate in an NGINX configuration and what it includes. Throws Unreadable for what is none. */
export function examineNginx(text: string, file: string): readonly Finding[] {
  const files = readNginxFiles(text, file)
  const config = nginxConfig(scopesOf(files.directives, file))
  return [
    ...findAll(fileRules, files),
    ...findAll([...nginxLocationRules, ...nginxUpstreamRules], config),
    ...config.gates.flatMap((gate) => findAll([...nginxGateRules, ...nginxCallRules], gate)),
  ]
}
