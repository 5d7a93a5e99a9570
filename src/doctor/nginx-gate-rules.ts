/** The location that auth_request names: what it tells Scopegate, and what may become of the answer. */
import type { Rule, Sighting } from './finding.js'
import { passTarget } from './nginx-pass-target.js'
import type { Directive } from './nginx-parser.js'
import {
  inForce,
  isInternal,
  isSetOutside,
  passOf,
  plainValue,
  setting,
  type Scope,
} from './nginx-scope.js'
import type { GateLocation } from './nginx-serving.js'

/** The rules for the location that asks Scopegate. */
export const nginxGateRules: readonly Rule<GateLocation>[] = [
  {
    id: 'nginx/gate-missing',
    severity: 'error',
    what: 'there is no location for what auth_request names alone: if another one answers it with 200, everybody gets in',
    mend: 'add location = /_scopegate with the proxy_pass to Scopegate to this server',
    find: ({ request, scope }) => (scope === undefined ? [{ at: request.at }] : []),
  },
  {
    id: 'nginx/gate-answers-itself',
    severity: 'error',
    what: 'the location that auth_request names does not ask Scopegate: its own answer decides',
    mend: 'set proxy_pass http://scopegate/nginx; there, and no return',
    find: onLocation((scope) => {
      const answers = scope.own.find(({ name }) =>
        /^(?:return|empty_gif|content_by_lua.*)$/.test(name),
      )
      if (answers !== undefined) return [{ at: answers.at }]
      return passOf(scope) === undefined ? [{ at: scope.at }] : []
    }),
  },
  {
    id: 'nginx/gate-not-internal',
    severity: 'warning',
    what: 'clients can ask Scopegate through the location that auth_request names, and try tokens and paths on it',
    mend: 'add internal;',
    find: onLocation((scope) => (isInternal(scope) ? [] : [{ at: scope.at }])),
  },
  {
    id: 'nginx/original-uri',
    severity: 'error',
    what: 'Scopegate is not told the path that the client sent: X-Original-URI has to be $request_uri',
    mend: 'add proxy_set_header X-Original-URI $request_uri;',
    find: onLocation((scope) => headerOtherThan(scope, 'X-Original-URI', ['$request_uri'])),
  },
  {
    id: 'nginx/original-method',
    severity: 'error',
    what: 'Scopegate is not told the method that the client sent: X-Original-Method has to be $request_method',
    mend: 'add proxy_set_header X-Original-Method $request_method;',
    find: onLocation((scope) => headerOtherThan(scope, 'X-Original-Method', ['$request_method'])),
  },
  {
    id: 'nginx/gate-host',
    severity: 'error',
    what: 'Scopegate is not told the host that the client asked for: Host has to be $host',
    mend: 'add proxy_set_header Host $host;',
    find: onLocation((scope) =>
      headerOtherThan(scope, 'Host', ['$host', '$http_host', '$host:$server_port']),
    ),
  },
  {
    id: 'nginx/token-hidden',
    severity: 'warning',
    what: 'the Authorization header does not reach Scopegate: every request with a token is refused',
    mend: 'remove proxy_pass_request_headers off and proxy_set_header Authorization',
    find: onLocation((scope) => [
      ...inForce(scope, 'proxy_pass_request_headers').filter(({ args }) => args[0] === 'off'),
      ...headers(scope, 'Authorization').filter(({ args }) => (args[1] ?? '') === ''),
    ]),
  },
  {
    id: 'nginx/token-replaced',
    severity: 'error',
    what: 'Authorization is set for Scopegate: it judges another token than the one that the upstream gets',
    mend: 'remove proxy_set_header Authorization',
    find: onLocation((scope) =>
      headers(scope, 'Authorization').filter(
        ({ args }) => !['', '$http_authorization'].includes(plainValue(args[1] ?? '')),
      ),
    ),
  },
  {
    id: 'nginx/gate-body',
    severity: 'error',
    what: 'a body is announced to Scopegate and not sent, or may be sent and is not announced: what follows on the connection, the next check, is read as part of it',
    mend: 'set proxy_pass_request_body off; and proxy_set_header Content-Length "";',
    find: onLocation((scope) => {
      const isOff = setting(scope, 'proxy_pass_request_body') === 'off'
      const isSilent = headers(scope, 'Content-Length').some(({ args }) => args[1] === '')
      const at = inForce(scope, 'proxy_pass_request_body')[0]?.at ?? scope.at
      return isOff && isSilent ? [] : [{ at }]
    }),
  },
  {
    id: 'nginx/gate-error-page',
    severity: 'error',
    what: 'error_page with "=" is in force in the location that auth_request names: when Scopegate is down the page is the answer, and a 200 lets everybody in',
    mend: 'write error_page without "=", or give this location an error_page of its own without one',
    find: onLocation((scope) =>
      inForce(scope, 'error_page').filter(
        ({ args }) => args.some((arg) => /^=(?:2\d\d)?$/.test(arg)) && args.some(isOwnError),
      ),
    ),
  },
  {
    id: 'nginx/gate-intercept',
    severity: 'error',
    what: 'proxy_intercept_errors is on in the location that auth_request names: pages of NGINX replace the answers of Scopegate',
    mend: 'set proxy_intercept_errors off; there',
    find: onLocation((scope) =>
      inForce(scope, 'proxy_intercept_errors').filter(({ args }) => args[0] === 'on'),
    ),
  },
  {
    id: 'nginx/gate-cache',
    severity: 'error',
    what: 'answers of Scopegate are cached by NGINX: its key knows no token, so one caller gets the decision on another',
    mend: 'set proxy_cache off; there; Scopegate has a cache of its own that knows when a token ends',
    find: onLocation((scope) =>
      inForce(scope, 'proxy_cache').filter(({ args }) => args[0] !== 'off'),
    ),
  },
]

/** Statuses that NGINX gives by itself where it hands a request on; those of the answer are not replaced. */
function isOwnError(status: string): boolean {
  return /^[45]\d\d$/.test(status) && !['401', '403', '404'].includes(status)
}

/** A rule's look at the location, if there is one. */
export function onLocation(
  find: (scope: Scope, gate: GateLocation) => readonly Sighting[],
): (gate: GateLocation) => readonly Sighting[] {
  return (gate) => (gate.scope === undefined ? [] : find(gate.scope, gate))
}

/** The proxy_set_header in force for a header. */
export function headers(scope: Scope, name: string): readonly Directive[] {
  return inForce(scope, 'proxy_set_header').filter(
    ({ args }) => args[0]?.toLowerCase() === name.toLowerCase(),
  )
}

function headerOtherThan(
  scope: Scope,
  name: string,
  values: readonly string[],
): readonly Sighting[] {
  const pass = passOf(scope)
  if (pass === undefined || passTarget(pass.directive).host === '') return []
  const found = headers(scope, name)
  if (found.length > 0) {
    return found
      .filter(({ args }) => !values.includes(plainValue(args[1] ?? '')))
      .map(({ at, args }) => ({
        at,
        message: `${name} is ${args[1] === '' ? 'empty' : (args[1] ?? 'empty')}: Scopegate decides on something else than the client asked for`,
      }))
  }
  const isLost = isSetOutside(
    scope,
    'proxy_set_header',
    ({ args }) => args[0]?.toLowerCase() === name.toLowerCase(),
  )
  const why = isLost
    ? 'it is set outside, but this location has proxy_set_header of its own, and then NGINX inherits none'
    : name === 'Host'
      ? 'NGINX sends the name in proxy_pass'
      : 'a client can send it by itself'
  return [{ at: scope.at, message: `${name} is not set for Scopegate: ${why}` }]
}
