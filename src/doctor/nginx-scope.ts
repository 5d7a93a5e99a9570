/**
 * An NGINX configuration as scopes: what is in force where.
 *
 * The rules are:
 *   - a directive of an inner scope replaces those of the same name outside; lists (proxy_set_header, auth_request_set,
 *     error_page) are replaced as a whole and never merged;
 *   - `if` and `limit_except` are scopes of their own;
 *   - a file without `http` or `server` is a part of one, and is looked at as such.
 */
import type { Place } from './finding.js'
import type { Directive } from './nginx-parser.js'

/** A block in which directives are in force. */
export interface Scope {
  readonly kind: 'main' | 'http' | 'server' | 'location' | 'if' | 'limit_except'
  readonly at: Place
  readonly args: readonly string[]
  readonly own: readonly Directive[]
  readonly parent: Scope | undefined
  readonly children: readonly Scope[]
}

/** How a scope hands requests on, and how it sets the headers of them. */
export interface Pass {
  readonly directive: Directive
  /** The directive that sets a request header, and how a header is spelled in it. */
  readonly setter: string
  readonly headerName: (name: string) => string
}

const kinds: ReadonlySet<string> = new Set(['http', 'server', 'location', 'if', 'limit_except'])

const setters: ReadonlyMap<string, string> = new Map([
  ['proxy_pass', 'proxy_set_header'],
  ['grpc_pass', 'grpc_set_header'],
  ['fastcgi_pass', 'fastcgi_param'],
  ['uwsgi_pass', 'uwsgi_param'],
  ['scgi_pass', 'scgi_param'],
])

/** The scopes of a configuration; the first is all of it. */
export function scopesOf(directives: readonly Directive[], file: string): Scope {
  return scope('main', { file, line: 1, column: 1 }, [], directives, undefined)
}

function scope(
  kind: Scope['kind'],
  at: Place,
  args: readonly string[],
  own: readonly Directive[],
  parent: Scope | undefined,
): Scope {
  const children: Scope[] = []
  const self: Scope = { kind, at, args, own, parent, children }
  for (const { name, at: place, args: given, block } of own) {
    if (block !== undefined && kinds.has(name)) {
      children.push(scope(name as Scope['kind'], place, given, block, self))
    }
  }
  return self
}

/** A scope and all scopes in it. */
export function allScopes(root: Scope): readonly Scope[] {
  return [root, ...root.children.flatMap(allScopes)]
}

/** The directives of a name in the scope itself. */
export function ownOf(scope: Scope, name: string): readonly Directive[] {
  return scope.own.filter((directive) => directive.name === name)
}

/** The directives of a name that are in force: those of the nearest scope that has any. */
export function inForce(scope: Scope, name: string): readonly Directive[] {
  const own = ownOf(scope, name)
  if (own.length > 0 || scope.parent === undefined) return own
  return inForce(scope.parent, name)
}

/** The first argument of a directive that is in force. */
export function setting(scope: Scope, name: string): string | undefined {
  return inForce(scope, name)[0]?.args[0]
}

/** Whether a directive of the name stands in a scope around this one. */
export function isSetOutside(
  scope: Scope,
  name: string,
  is: (found: Directive) => boolean,
): boolean {
  if (scope.parent === undefined) return false
  return ownOf(scope.parent, name).some(is) || isSetOutside(scope.parent, name, is)
}

/** The server that a scope is in; without one, all of the file. */
export function serverOf(scope: Scope): Scope {
  return scope.kind === 'server' || scope.parent === undefined ? scope : serverOf(scope.parent)
}

/** The auth_request in force, if the gate is asked. */
export function gateRequest(scope: Scope): Directive | undefined {
  const [request] = inForce(scope, 'auth_request')
  return request === undefined || request.args[0] === 'off' ? undefined : request
}

/** How a scope hands requests on, if it does. Not inherited, as in NGINX. */
export function passOf(scope: Scope): Pass | undefined {
  for (const directive of scope.own) {
    const setter = setters.get(directive.name)
    if (setter === undefined || directive.block !== undefined) continue
    const isHeader = setter.endsWith('_set_header')
    const headerName = (name: string): string =>
      isHeader ? name : `http_${name.replaceAll('-', '_')}`
    return { directive, setter, headerName }
  }
  return undefined
}

/** Whether a location is only entered from inside NGINX. */
export function isInternal(scope: Scope): boolean {
  return ownOf(scope, 'internal').length > 0 || (scope.args[0] ?? '').startsWith('@')
}

/** The location that a request for a path or a name gets in a server. */
export function locationFor(server: Scope, path: string): Scope | undefined {
  const locations = allScopes(server).filter(({ kind }) => kind === 'location')
  if (path.startsWith('@')) return locations.find(({ args }) => args[0] === path)
  const exact = locations.find(({ args }) => args[0] === '=' && args[1] === path)
  if (exact !== undefined) return exact
  const prefixOf = ({ args: [first = '', second = ''] }: Scope): string =>
    first === '^~' ? second : first
  const longest = locations
    .filter((each) => prefixOf(each).startsWith('/') && path.startsWith(prefixOf(each)))
    .sort((a, b) => prefixOf(b).length - prefixOf(a).length)[0]
  if (longest?.args[0] === '^~') return longest
  return locations.find(({ args }) => matchesRegex(args, path)) ?? longest
}

function matchesRegex([operator, source = '']: readonly string[], path: string): boolean {
  if (operator !== '~' && operator !== '~*') return false
  try {
    return new RegExp(source, operator === '~*' ? 'i' : '').test(path)
  } catch {
    return false
  }
}

/** A value with every variable in its short spelling. */
export function plainValue(value: string): string {
  return value.replace(/\$\{(\w+)\}/g, '$$$1')
}
