/**
 * Which locations give something to clients, and by which ways they are reached without a decision.
 *
 * The rules are:
 *   - a location serves if it hands requests on, or if files or code are named for it;
 *   - the location that auth_request names is not one of them;
 *   - a server that answers everything with `return` has no locations that are ever reached.
 */
import type { Directive } from './nginx-parser.js'
import {
  allScopes,
  gateRequest,
  inForce,
  isInternal,
  locationFor,
  ownOf,
  passOf,
  serverOf,
  setting,
  type Scope,
} from './nginx-scope.js'

/** A scope that gives something to clients. */
export interface Serving {
  readonly scope: Scope
  readonly how: 'proxy' | 'content'
  readonly gate: Directive | undefined
}

/** The location that an auth_request names. */
export interface GateLocation {
  readonly request: Directive
  readonly server: Scope
  /** Undefined: no location of the server takes it. */
  readonly scope: Scope | undefined
}

/** A configuration as the rules look at it. */
export interface NginxConfig {
  readonly servings: readonly Serving[]
  readonly gates: readonly GateLocation[]
  readonly scopes: readonly Scope[]
}

/** Statuses that nothing but a request which the gate let through can get. */
const statusesBehindGate: ReadonlySet<string> = new Set(['404', '502', '504'])

/** What makes content without handing a request on. */
const contentDirectives = /^(?:alias|try_files|autoindex|js_content|perl|content_by_lua.*)$/

/** What there is to look at in a configuration. */
export function nginxConfig(root: Scope): NginxConfig {
  const all = allScopes(root)
  const scopes = all.filter((scope) => !isAnsweredByServer(scope))
  const gates = distinctGates(scopes)
  const asked = new Set(gates.map(({ scope }) => scope))
  const servings = scopes.flatMap((scope): readonly Serving[] => {
    if (asked.has(scope)) return []
    const how = howServed(scope)
    return how === undefined ? [] : [{ scope, how, gate: gateRequest(scope) }]
  })
  return { servings, gates, scopes: all }
}

/** Whether clients reach a serving without a decision: from outside, or by a way that the gate is not on. */
export function isOpen({ scope, gate }: Serving, { servings }: NginxConfig): boolean {
  if (gate !== undefined) return false
  if (!isInternal(scope)) return true
  const target = scope.args[0] === '=' ? scope.args[1] : scope.args[0]
  // From a guarded location try_files comes here behind the gate; only what is open itself leads around it.
  return servings.some(
    (source) =>
      source.gate === undefined &&
      source.scope !== scope &&
      ownOf(source.scope, 'try_files').some(({ args }) => args.at(-1) === target),
  )
}

/** The error_page directives that a refused request can follow, and the location it gets to. */
export function refusalPages(
  scope: Scope,
): readonly { readonly page: Directive; readonly target: Scope | undefined }[] {
  return inForce(scope, 'error_page')
    .filter(({ args }) => args.some((arg) => /^\d{3}$/.test(arg) && !statusesBehindGate.has(arg)))
    .map((page) => ({ page, target: locationFor(serverOf(scope), page.args.at(-1) ?? '') }))
}

function howServed(scope: Scope): Serving['how'] | undefined {
  const own = (name: string): boolean => ownOf(scope, name).length > 0
  if (own('return') || isClosed(scope)) return undefined
  if (passOf(scope) !== undefined) return 'proxy'
  if (own('stub_status') || own('empty_gif')) return undefined
  const isRootNamed = inForce(scope, 'root').length > 0
  if (scope.kind === 'server') {
    const hasAll = scope.children.some(({ args }) => args[0] !== '=' && args.at(-1) === '/')
    return isRootNamed && !hasAll ? 'content' : undefined
  }
  if (scope.kind !== 'location') return undefined
  return isRootNamed || scope.own.some(({ name }) => contentDirectives.test(name))
    ? 'content'
    : undefined
}

/** `deny all` and nothing that is allowed. */
function isClosed(scope: Scope): boolean {
  return (
    inForce(scope, 'deny').some(({ args }) => args[0] === 'all') &&
    inForce(scope, 'allow').length === 0 &&
    setting(scope, 'satisfy') !== 'any'
  )
}

function isAnsweredByServer(scope: Scope): boolean {
  const server = serverOf(scope)
  return server.kind === 'server' && ownOf(server, 'return').length > 0
}

function distinctGates(scopes: readonly Scope[]): readonly GateLocation[] {
  const gates = new Map<string, GateLocation>()
  const servers = new Map<Scope, string>()
  for (const scope of scopes) {
    const request = gateRequest(scope)
    if (request === undefined || scope.kind === 'http' || scope.kind === 'main') continue
    const server = serverOf(scope)
    const id = servers.get(server) ?? String(servers.size)
    servers.set(server, id)
    const path = request.args[0] ?? ''
    const key = `${id} ${path}`
    if (!gates.has(key)) gates.set(key, { request, server, scope: gateLocation(server, path) })
  }
  return [...gates.values()]
}

/** A location that also serves clients is not the gate: its answers are those of the upstream. */
function gateLocation(server: Scope, path: string): Scope | undefined {
  const location = locationFor(server, path)
  if (location === undefined) return undefined
  return location.args.at(-1) === path || isInternal(location) ? location : undefined
}
