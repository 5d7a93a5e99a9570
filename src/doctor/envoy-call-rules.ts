/** How an ext_authz filter asks: how long, what it tells, and what it takes from the answer. */
import type { GateFilter } from './envoy-config.js'
import { at, items, seconds, text } from './envoy-document.js'
import { missing, seen } from './envoy-sighting.js'
import type { Rule, Sighting } from './finding.js'
import { matchesHeader } from './header-matcher.js'

const longestTimeoutSeconds = 5

/** The rules for the call of an ext_authz filter. */
export const envoyCallRules: readonly Rule<GateFilter>[] = [
  {
    id: 'envoy/timeout',
    severity: 'warning',
    what: 'the time that Scopegate has for an answer is not between 0 s and 5 s',
    mend: 'set timeout: 1s in grpc_service or server_uri; Scopegate answers within 80 % of it',
    find: findTimeout,
  },
  {
    id: 'envoy/token-hidden',
    severity: 'warning',
    what: 'the Authorization header does not reach Scopegate: every request with a token is refused',
    mend: 'name authorization in allowed_headers, or remove allowed_headers; leave it out of disallowed_headers',
    find: findHiddenToken,
  },
  {
    id: 'envoy/http-request-headers',
    severity: 'warning',
    what: 'Accept and Content-Type do not reach Scopegate: it cannot answer gRPC and JSON clients in their own way',
    mend: 'name accept, content-type and x-request-id in allowed_headers',
    find: findHiddenAccept,
  },
  {
    id: 'envoy/http-deprecated-headers',
    severity: 'warning',
    what: 'authorization_request.allowed_headers is deprecated; a later Envoy does not start with it',
    mend: 'move the list to allowed_headers of the filter',
    find: ({ service }) => whereItIs(at(service, 'authorization_request', 'allowed_headers')),
  },
  {
    id: 'envoy/http-request-token',
    severity: 'error',
    what: 'headers_to_add replaces what Scopegate decides on: it judges what this file says and not what the client sent',
    mend: 'remove authorization and host from headers_to_add',
    find: ({ service }) =>
      items(service, 'authorization_request', 'headers_to_add')
        .filter((header) => /^(authorization|host|:.*)$/i.test(text(header, 'key') ?? ''))
        .map(({ at: place }) => ({ at: place })),
  },
  {
    id: 'envoy/http-identity',
    severity: 'error',
    what: 'allowed_upstream_headers is missing: no identity header reaches the upstream, and none that a client wrote is overwritten',
    mend: 'name the identity headers of Scopegate in authorization_response.allowed_upstream_headers',
    find: ({ protocol, service }) =>
      protocol !== 'http' || service === undefined
        ? []
        : missing(service, 'authorization_response', 'allowed_upstream_headers'),
  },
  {
    id: 'envoy/http-append',
    severity: 'error',
    what: 'allowed_upstream_headers_to_append: what a client wrote stays in front of what Scopegate says',
    mend: 'move the list to allowed_upstream_headers',
    find: ({ service }) =>
      whereItIs(at(service, 'authorization_response', 'allowed_upstream_headers_to_append')),
  },
  {
    id: 'envoy/http-path-prefix',
    severity: 'warning',
    what: 'path_prefix is missing: Scopegate does not know that Envoy asks, and refuses',
    mend: 'set path_prefix: /envoy',
    find: findNoPrefix,
  },
  {
    id: 'envoy/http-path-override',
    severity: 'error',
    what: 'path_override: Scopegate decides on this path whatever the client asks for',
    mend: 'set path_prefix: /envoy instead',
    find: ({ service }) => whereItIs(at(service, 'path_override')),
  },
]

function findHiddenToken({ config, protocol }: GateFilter): readonly Sighting[] {
  const allowed = at(config, 'allowed_headers')
  const isLeftOut =
    protocol === 'grpc' && allowed !== undefined && !matchesHeader(allowed, 'authorization')
  const isHidden = matchesHeader(at(config, 'disallowed_headers'), 'authorization')
  return [
    ...seen(isLeftOut, config, 'allowed_headers'),
    ...seen(isHidden, config, 'disallowed_headers'),
  ]
}

function findHiddenAccept({ config, protocol, service }: GateFilter): readonly Sighting[] {
  const lists = [
    at(config, 'allowed_headers'),
    at(service, 'authorization_request', 'allowed_headers'),
  ]
  const isSent = ['accept', 'content-type'].every((name) =>
    lists.some((list) => matchesHeader(list, name)),
  )
  return seen(protocol === 'http' && !isSent, config, 'allowed_headers')
}

function findNoPrefix({ protocol, service }: GateFilter): readonly Sighting[] {
  if (protocol !== 'http' || service === undefined || pathOverride(service)) return []
  const prefix = text(service, 'path_prefix') ?? ''
  return prefix === '' ? [{ at: (at(service, 'path_prefix') ?? service).at }] : []
}

function findTimeout({ protocol, service }: GateFilter): readonly Sighting[] {
  if (service === undefined) return []
  const path = protocol === 'http' ? ['server_uri', 'timeout'] : ['timeout']
  const timeout = at(service, ...path)
  if (timeout === undefined) {
    const message =
      'there is no timeout for the call of Scopegate: 200 ms is too short to fetch a key'
    return [{ at: service.at, message }]
  }
  const value = seconds(timeout)
  if (value === 0) {
    return [{ at: timeout.at, message: 'timeout: 0s lets a request wait for Scopegate for ever' }]
  }
  if (value === undefined || value <= longestTimeoutSeconds) return []
  const message = `a request waits ${String(value)} s for a gate that does not answer, and holds memory meanwhile`
  return [{ at: timeout.at, message }]
}

function pathOverride(service: NonNullable<GateFilter['service']>): boolean {
  return at(service, 'path_override') !== undefined
}

function whereItIs(node: ReturnType<typeof at>): readonly Sighting[] {
  return node === undefined ? [] : [{ at: node.at }]
}
