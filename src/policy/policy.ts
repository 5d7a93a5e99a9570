/**
 * The whole policy: the route table, the routes that a proxy may select by name, and the headers under management.
 */
import type { Route } from './route.js'
import { compileRouteTable, type RouteConflict, type RouteEntry } from './route-table.js'

/** A route selected by the proxy's own configuration, which a client cannot reach. */
export interface RouteSelection {
  readonly resource: string | undefined
  readonly route: string | undefined
}

/** What the check asks about routes. */
export interface Policy {
  /** The route of a canonical request, or undefined: default deny. */
  match(method: string, host: string, path: string): Route | undefined
  /**
   * The route of a request whose resource, route or both the proxy named. A named route is taken as it is; a named
   * resource alone limits the match to its routes, on any host. An unknown or ambiguous name selects nothing.
   */
  select(selection: RouteSelection, method: string, path: string): Route | undefined
  readonly routes: readonly Route[]
}

/** Compiles the policy and lists the conflicts, as places in `entries`. */
export function compilePolicy(entries: readonly RouteEntry<Route>[]): {
  readonly policy: Policy
  readonly conflicts: readonly RouteConflict[]
} {
  const { table, conflicts } = compileRouteTable(entries)
  const byQualifiedId = new Map<string, Route>()
  const byId = new Map<string, Route | undefined>()
  const entriesByResource = new Map<string, RouteEntry<Route>[]>()
  for (const entry of entries) {
    const { id, qualifiedId, resource } = entry.route
    byQualifiedId.set(qualifiedId, entry.route)
    byId.set(id, byId.has(id) ? undefined : entry.route)
    const ofResource = entriesByResource.get(resource.id) ?? []
    ofResource.push({ ...entry, hosts: [] })
    entriesByResource.set(resource.id, ofResource)
  }
  const tableByResource = new Map(
    [...entriesByResource].map(([id, own]) => [id, compileRouteTable(own).table]),
  )
  const policy: Policy = {
    match: (method, host, path) => table.match(method, host, path),
    select({ resource, route }, method, path) {
      if (resource === undefined) return route === undefined ? undefined : byId.get(route)
      if (route !== undefined) return byQualifiedId.get(`${resource}/${route}`)
      return tableByResource.get(resource)?.match(method, '', path)
    },
    routes: entries.map((entry) => entry.route),
  }
  return { policy, conflicts }
}
