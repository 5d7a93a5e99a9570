/** What a guarded location gives to the upstream: the path that was decided on, and the identity that the gate said. */
import type { Rule, Sighting } from './finding.js'
import { passTarget } from './nginx-pass-target.js'
import {
  inForce,
  isSetOutside,
  ownOf,
  passOf,
  plainValue,
  serverOf,
  type Pass,
  type Scope,
} from './nginx-scope.js'
import { guarded, nameOf } from './nginx-location-rules.js'
import type { NginxConfig } from './nginx-serving.js'

/** The rules for what goes upstream. */
export const nginxUpstreamRules: readonly Rule<NginxConfig>[] = [
  {
    id: 'nginx/pass-path',
    severity: 'warning',
    what: 'proxy_pass has a path: NGINX puts it in place of the decoded and merged path, so the upstream gets another path than Scopegate decided on',
    mend: 'write proxy_pass without a path, not even `/`; without one the upstream gets what the client sent, which is what was decided on',
    find: eachPass((_scope, { directive }) => {
      const { path } = passTarget(directive)
      const isPath = path !== undefined && !/^\$request_uri$/.test(path) && !isDecoded(path)
      return isPath ? [{ at: directive.at }] : []
    }),
  },
  {
    id: 'nginx/pass-decoded',
    severity: 'error',
    what: 'proxy_pass has a decoded path in it ($uri, $document_uri): `%0d%0a` in a request becomes a line end, and a client writes headers of its own',
    mend: 'write proxy_pass without a path, or with $request_uri',
    find: eachPass((_scope, { directive }) => {
      const { path } = passTarget(directive)
      return path !== undefined && isDecoded(path) ? [{ at: directive.at }] : []
    }),
  },
  {
    id: 'nginx/rewrite-path',
    severity: 'warning',
    what: 'rewrite changes the path before Scopegate is asked, and Scopegate decides on the one that the client sent',
    mend: 'remove rewrite, or give routes and scopes to the paths as clients send them',
    find: guarded(({ scope }) =>
      rewriting(scope)
        .flatMap((each) => ownOf(each, 'rewrite'))
        .filter(({ args }) => !/^(?:https?:|\$scheme)/.test(args[1] ?? ''))
        .filter(({ args }) => args[2] !== 'redirect' && args[2] !== 'permanent')
        .map(({ at }) => ({ at })),
    ),
  },
  {
    id: 'nginx/identity-not-sent',
    severity: 'error',
    what: 'what Scopegate says of the caller is read and not sent: the upstream gets the header that the client wrote',
    mend: 'set the header from the variable in the same location: proxy_set_header NAME $variable; (grpc_set_header beside grpc_pass)',
    find: eachPass((scope, pass) => {
      const sent = inForce(scope, pass.setter)
      return identityVariables(scope).flatMap(({ variable, header }) => {
        const name = pass.headerName(header).toLowerCase()
        const isSent = sent.some(
          ({ args: [given = '', value = ''] }) =>
            given.toLowerCase() === name && plainValue(value) === variable,
        )
        if (isSent) return []
        const isLost = isSetOutside(
          scope,
          pass.setter,
          ({ args }) => args[0]?.toLowerCase() === name,
        )
        const why = isLost
          ? `; it is set outside, but this scope has ${pass.setter} of its own, and then NGINX inherits none`
          : ''
        const message = `${nameOf(scope)}: ${header} is not set from ${variable}, so the upstream gets what the client wrote${why}`
        return [{ at: pass.directive.at, message }]
      })
    }),
  },
  {
    id: 'nginx/no-identity',
    severity: 'warning',
    what: 'no auth_request_set is in force: identity headers that a client writes reach the upstream, which may believe them',
    mend: 'add auth_request_set $scopegate_subject $upstream_http_x_auth_subject; and proxy_set_header X-Auth-Subject $scopegate_subject;',
    find: eachPass((scope, { directive }) => {
      if (identityVariables(scope).length > 0) return []
      const isLost = isSetOutside(scope, 'auth_request_set', () => true)
      const why = isLost
        ? '; it is set outside, but this scope has auth_request_set of its own, and then NGINX inherits none'
        : ''
      const message = `${nameOf(scope)}: no auth_request_set of an identity header is in force, so those that a client writes reach the upstream${why}`
      return [{ at: directive.at, message }]
    }),
  },
  {
    id: 'nginx/identity-forged',
    severity: 'error',
    what: 'the client says who calls: an identity header, in some spelling, is set from a header of the request',
    mend: 'set it once, from the variable that auth_request_set fills from $upstream_http_…',
    find: eachPass((scope, pass) => [
      ...inForce(scope, 'auth_request_set').filter(({ args }) => isOfClient(args[1])),
      ...inForce(scope, pass.setter).filter(
        ({ args: [name = '', value] }) => isOfClient(value) && isIdentity(scope, pass, name),
      ),
    ]),
  },
  {
    id: 'nginx/upgrade-passed',
    severity: 'error',
    what: 'Upgrade is set to what the client asks for: h2c is a tunnel, and what comes through it was decided on by nobody',
    mend: 'map $http_upgrade to websocket or nothing, as deploy/nginx/nginx.conf does, and set Upgrade from that',
    find: eachPass((scope, pass) =>
      inForce(scope, pass.setter).filter(
        ({ args: [name = '', value] }) => name.toLowerCase() === 'upgrade' && isOfClient(value),
      ),
    ),
  },
]

/** Whether a value is what the client wrote into some header. */
function isOfClient(value: string | undefined): boolean {
  return value !== undefined && /\$\{?http_/.test(value)
}

/** Whether a name is, to CGI and its kind, the one of a header that the gate says. */
function isIdentity(scope: Scope, pass: Pass, name: string): boolean {
  const folded = (text: string): string => text.toLowerCase().replaceAll('_', '-')
  return identityVariables(scope).some(
    ({ header }) => folded(pass.headerName(header)) === folded(name),
  )
}

/** A rule's look at every guarded scope that hands requests on. */
function eachPass(
  find: (scope: Scope, pass: Pass) => readonly Sighting[],
): (config: NginxConfig) => readonly Sighting[] {
  return guarded(({ scope }) => {
    const pass = passOf(scope)
    return pass === undefined ? [] : find(scope, pass)
  })
}

/** The scopes whose rewrite a request of this one goes through. */
function rewriting(scope: Scope): readonly Scope[] {
  return [scope, serverOf(scope)].flatMap((each) => [
    each,
    ...each.children.filter(({ kind }) => kind === 'if'),
  ])
}

function isDecoded(path: string): boolean {
  return /\$(?:uri|document_uri)\b/.test(path)
}

/** Variables that hold a header of the gate's answer, and which. */
function identityVariables(
  scope: Scope,
): readonly { readonly variable: string; readonly header: string }[] {
  return inForce(scope, 'auth_request_set').flatMap(({ args: [variable = '', value = ''] }) => {
    const [, field] = /^\$upstream_http_(\w+)$/.exec(plainValue(value)) ?? []
    // What the gate says to the client is not the upstream's matter.
    if (field === undefined || isForClient(field)) return []
    const header = field
      .split('_')
      .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
      .join('-')
    return [{ variable: plainValue(variable), header }]
  })
}

function isForClient(field: string): boolean {
  return ['www_authenticate', 'retry_after', 'location', 'set_cookie', 'content_type'].includes(
    field,
  )
}
