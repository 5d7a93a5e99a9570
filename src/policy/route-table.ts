/**
 * Which route a request belongs to.
 *
 * The rules are:
 *   - a route is a candidate when its host, method and path pattern all match;
 *   - the most specific candidate wins: a named host over one with a variable label over any host, then segment by segment a literal over one segment
 *     over the rest, then a named method over any method;
 *   - two routes of equal specificity are a conflict, reported when the table is compiled, so the order of the
 *     configuration never matters;
 *   - the cost of a match depends on the depth of the path, not on the number of routes.
 */
import { anyLabelBefore } from './host-pattern.js'
import type { RoutePattern } from './route-pattern.js'

/** What the table needs to know of a route; `route` is what a match returns. */
export interface RouteEntry<R> {
  /** Canonical hosts, or `*.` and a canonical host for one label before it; empty for every host. */
  readonly hosts: readonly string[]
  /** Methods; empty for every method. */
  readonly methods: readonly string[]
  readonly pattern: RoutePattern
  readonly route: R
}

/** Two entries, by their place in the list, that would match the same requests with equal specificity. */
export interface RouteConflict {
  readonly first: number
  readonly second: number
}

/** A compiled table. */
export interface RouteTable<R> {
  /** The most specific route for a canonical method, host and path, or undefined. Never throws. */
  match(method: string, host: string, path: string): R | undefined
}

interface Endpoint<R> {
  readonly byMethod: Map<string, { readonly route: R; readonly index: number }>
}

interface Node<R> {
  readonly literals: Map<string, Node<R>>
  one: Node<R> | undefined
  here: Endpoint<R> | undefined
  rest: Endpoint<R> | undefined
}

const anyMethod = '*'

/** Compiles the routes and lists every conflict; a table with conflicts keeps the first of each pair. */
export function compileRouteTable<R>(entries: readonly RouteEntry<R>[]): {
  readonly table: RouteTable<R>
  readonly conflicts: readonly RouteConflict[]
} {
  const byHost = new Map<string, Node<R>>()
  const anyHost = createNode<R>()
  const conflicts = new Map<string, RouteConflict>()

  for (const [index, entry] of entries.entries()) {
    const roots =
      entry.hosts.length === 0 ? [anyHost] : entry.hosts.map((host) => nodeOf(byHost, host))
    for (const root of roots) {
      const endpoint = insert(root, entry.pattern)
      for (const method of entry.methods.length === 0 ? [anyMethod] : entry.methods) {
        const taken = endpoint.byMethod.get(method)
        if (taken === undefined) endpoint.byMethod.set(method, { route: entry.route, index })
        else if (taken.index !== index) {
          conflicts.set(`${String(taken.index)} ${String(index)}`, {
            first: taken.index,
            second: index,
          })
        }
      }
    }
  }

  const hasLabels = [...byHost.keys()].some((host) => host.startsWith('*.'))
  const table: RouteTable<R> = {
    match(method, host, path) {
      if (!path.startsWith('/')) return undefined // `*` has no segments.
      const named = byHost.get(host)
      const labelled = hasLabels ? byHost.get(anyLabelBefore(parentOf(host))) : undefined
      return (
        (named === undefined ? undefined : find(named, path, 1, method)) ??
        (labelled === undefined ? undefined : find(labelled, path, 1, method)) ??
        find(anyHost, path, 1, method)
      )
    },
  }
  return { table, conflicts: [...conflicts.values()] }
}

/**
 * Depth first, most specific branch first. A node has one path from the root, so none is visited twice. `at` is where
 * the next segment starts; it is beyond the end when there is none.
 */
function find<R>(node: Node<R>, path: string, at: number, method: string): R | undefined {
  if (at > path.length) return node.here === undefined ? undefined : pick(node.here, method)
  const slashAt = path.indexOf('/', at)
  const end = slashAt < 0 ? path.length : slashAt
  const segment = path.slice(at, end)
  const literal = node.literals.get(segment)
  if (literal !== undefined) {
    const found = find(literal, path, end + 1, method)
    if (found !== undefined) return found
  }
  if (node.one !== undefined && segment !== '') {
    const found = find(node.one, path, end + 1, method)
    if (found !== undefined) return found
  }
  return node.rest === undefined ? undefined : pick(node.rest, method)
}

/** The host without its first label; empty for one that has no other. */
function parentOf(host: string): string {
  const dot = host.indexOf('.')
  return dot < 0 ? '' : host.slice(dot + 1)
}

function pick<R>(endpoint: Endpoint<R>, method: string): R | undefined {
  return (endpoint.byMethod.get(method) ?? endpoint.byMethod.get(anyMethod))?.route
}

function insert<R>(root: Node<R>, pattern: RoutePattern): Endpoint<R> {
  let node = root
  for (const segment of pattern) {
    switch (segment.kind) {
      case 'literal':
        node = nodeOf(node.literals, segment.text)
        break
      case 'one':
        node = node.one ??= createNode<R>()
        break
      case 'rest':
        return (node.rest ??= { byMethod: new Map() })
    }
  }
  return (node.here ??= { byMethod: new Map() })
}

function nodeOf<R>(nodes: Map<string, Node<R>>, key: string): Node<R> {
  let node = nodes.get(key)
  if (node === undefined) nodes.set(key, (node = createNode<R>()))
  return node
}

function createNode<R>(): Node<R> {
  return { literals: new Map(), one: undefined, here: undefined, rest: undefined }
}
