/**
 * What weakens the gate in a proxy's configuration.
 *
 * The rules are:
 *   - a file is read as what it looks like, or as what the caller says it is; nothing is started and nothing is called;
 *   - a file that cannot be read has no findings, and says where it cannot be read;
 *   - nothing throws, whatever is in a file.
 */
import { envoyRules, examineEnvoy } from './envoy.js'
import { inOrder, type Finding, type Place, type RuleSummary } from './finding.js'
import { examineNginx, nginxRules } from './nginx.js'
import { readTextFile } from './text-files.js'
import { Unreadable } from './unreadable.js'

/** Whose configuration a file is. */
export type ProxyKind = 'envoy' | 'nginx'

/** What is to be said of a file. */
export type Diagnosis =
  | { readonly kind: ProxyKind; readonly findings: readonly Finding[] }
  | { readonly kind: 'unreadable'; readonly at: Place; readonly message: string }

/** Every rule there is, each once. */
export const doctorRules: readonly RuleSummary[] = [...envoyRules, ...nginxRules]

const envoyKeys = [
  'static_resources|dynamic_resources|http_filters|filter_chains|virtual_hosts|typed_config|@type',
  'staticResources|dynamicResources|httpFilters|filterChains|virtualHosts|typedConfig',
].join('|')
const looksLikeEnvoy = new RegExp(`(?:^|[\\s{,"'-])(?:${envoyKeys})["']?\\s*:`)
const looksLikeNginx =
  /(?:^|[\s;{}])(?:(?:http|server|events|stream)\s*\{|(?:location|upstream)\s[^;{}]+\{|(?:auth_request|proxy_pass|include)\s+[^;{}]+;)/

/** Examines a file. */
export function examineFile(path: string, kind?: ProxyKind): Diagnosis {
  const read = readTextFile(path)
  if (read.kind === 'text') return examineText(read.text, path, kind)
  return { kind: 'unreadable', at: { file: path, line: 1, column: 1 }, message: read.message }
}

/** Examines a text; `file` is what it is called, and where relative includes start from. */
export function examineText(text: string, file: string, given?: ProxyKind): Diagnosis {
  const kind = given ?? kindOf(text)
  if (kind === undefined) {
    const message = 'this is neither a configuration of Envoy nor one of NGINX'
    return { kind: 'unreadable', at: { file, line: 1, column: 1 }, message }
  }
  try {
    const findings = kind === 'envoy' ? examineEnvoy(text, file) : examineNginx(text, file)
    return { kind, findings: inOrder(findings) }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    return { kind: 'unreadable', at: error.at, message: error.message }
  }
}

/** Whose configuration a text looks like: what is found first counts, since each may hold a piece of the other. */
function kindOf(text: string): ProxyKind | undefined {
  const envoy = text.search(looksLikeEnvoy)
  const nginx = text.search(looksLikeNginx)
  if (envoy < 0 && nginx < 0) return undefined
  return nginx < 0 || (envoy >= 0 && envoy < nginx) ? 'envoy' : 'nginx'
}
