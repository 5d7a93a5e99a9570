/** How NGINX calls Scopegate: where, how long, and on which connections. */
import type { Rule } from './finding.js'
import { headers, onLocation } from './nginx-gate-rules.js'
import { passTarget } from './nginx-pass-target.js'
import { inForce, ownOf, passOf, setting, type Scope } from './nginx-scope.js'
import type { GateLocation } from './nginx-serving.js'

const longestSeconds = 5

/** The rules for the call of Scopegate. */
export const nginxCallRules: readonly Rule<GateLocation>[] = [
  {
    id: 'nginx/gate-path',
    severity: 'warning',
    what: 'proxy_pass does not ask at /nginx: Scopegate does not know the question of auth_request there, and refuses',
    mend: 'set proxy_pass http://scopegate/nginx;',
    find: onLocation((scope) => {
      const pass = passOf(scope)
      const path = pass === undefined ? undefined : passTarget(pass.directive).path
      const isKnown = path === undefined ? scope.args.at(-1) === '/nginx' : /^\/nginx\b/.test(path)
      return pass === undefined || isKnown ? [] : [pass.directive]
    }),
  },
  {
    id: 'nginx/gate-timeouts',
    severity: 'warning',
    what: 'a request waits longer than 5 s for a gate that does not answer (the default is 60 s)',
    mend: 'set proxy_connect_timeout 250ms; and proxy_read_timeout 1s;',
    find: onLocation((scope) =>
      ['proxy_connect_timeout', 'proxy_read_timeout'].flatMap((name) => {
        const [directive] = inForce(scope, name)
        const value = secondsOf(directive?.args[0] ?? '60s')
        if (value === undefined || value <= longestSeconds) return []
        const message = `${name} is ${directive?.args[0] ?? '60s, the default'}: a request waits that long for a gate that does not answer`
        return [{ at: directive?.at ?? scope.at, message }]
      }),
    ),
  },
  {
    id: 'nginx/gate-keepalive',
    severity: 'warning',
    what: 'every check opens a connection to Scopegate of its own',
    mend: 'give the upstream of Scopegate keepalive 32;, and the location proxy_http_version 1.1; and proxy_set_header Connection "";',
    find: onLocation((scope) => {
      const pass = passOf(scope)
      if (pass?.directive.name !== 'proxy_pass') return []
      const isKept =
        ['1.1', '2'].includes(setting(scope, 'proxy_http_version') ?? '') &&
        headers(scope, 'Connection').some(({ args }) => args[1] === '') &&
        keepsConnections(scope, passTarget(pass.directive).host)
      return isKept ? [] : [pass.directive]
    }),
  },
]

/** Whether the upstream block of the name keeps connections. One that is not in these files is not judged. */
function keepsConnections(scope: Scope, name: string): boolean {
  const upstreams = around(scope)
    .flatMap((each) => ownOf(each, 'upstream'))
    .filter(({ args }) => args[0] === name)
  const isAddress = /[.:]|^localhost$/.test(name)
  if (upstreams.length === 0) return !isAddress
  return upstreams.some(({ block }) => block?.some((each) => each.name === 'keepalive'))
}

function around(scope: Scope): readonly Scope[] {
  return scope.parent === undefined ? [scope] : [scope, ...around(scope.parent)]
}

const units: Readonly<Record<string, number>> = {
  ms: 0.001,
  '': 1,
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
}

function secondsOf(value: string): number | undefined {
  const parts = [...value.matchAll(/(\d+)(ms|[smhd]?)/g)]
  if (parts.length === 0) return undefined
  return parts.reduce((sum, [, digits, unit = '']) => sum + Number(digits) * (units[unit] ?? 1), 0)
}
