/**
 * Issuers that are limited: to some resources, and to names that were granted to them.
 *
 * The rules are:
 *   - an issuer with a list of resources counts for these and for no other, whoever names it;
 *   - both lists have to agree: a resource that names an issuer whose list leaves the resource out is a mistake of one of
 *     them, and only people know of which;
 *   - a name that a mapping gives and the cap takes away again is a mistake, too.
 */
import type { GrantLimits, NameLimit } from '../check/index.js'
import type { ConfigParts, IssuerInput, IssuerLimitsInput, ResourceParts } from './config-input.js'
import type { ConfigPath, Finding } from './problem.js'
import { suggestion } from './schema-findings.js'

/** What counts of the names in an issuer's tokens; undefined when nothing limits them. Adds to `findings`. */
export function compileLimits(
  input: IssuerLimitsInput,
  path: ConfigPath,
  findings: Finding[],
): GrantLimits | undefined {
  const { grantableScopes, mapScopes } = input
  for (const [name, ours] of Object.entries(mapScopes ?? {})) {
    for (const [at, scope] of ours.entries()) {
      if (grantableScopes === undefined || grantableScopes.includes(scope)) continue
      findings.push({
        path: [...path, 'mapScopes', name, at],
        message: `scope "${scope}" is not in grantableScopes, so no token of this issuer could have it`,
        hint: 'add it to grantableScopes, or remove it here',
      })
    }
  }
  const limits = {
    scopes: nameLimit(grantableScopes, mapScopes),
    permissions: nameLimit(input.grantablePermissions),
    roles: nameLimit(input.grantableRoles),
    groups: nameLimit(input.grantableGroups),
    entitlements: nameLimit(input.grantableEntitlements),
  }
  return Object.values(limits).every((limit) => limit === undefined) ? undefined : limits
}

function nameLimit(
  grantable: readonly string[] | undefined,
  renamed?: Readonly<Record<string, readonly string[]>>,
): NameLimit | undefined {
  if (grantable === undefined && renamed === undefined) return undefined
  return {
    grantable: grantable && new Set(grantable),
    renamed: renamed && new Map(Object.entries(renamed)),
  }
}

/** The ids of the issuers that may be used for a resource, given its id and the issuers that it names. */
export type IssuersOfResource = (id: string, named: readonly string[] | undefined) => Set<string>

/** Who may be used for what, by the lists of the issuers. Does not look at what resources name. */
export function issuersOfResources(
  issuers: readonly (IssuerInput | undefined)[],
): IssuersOfResource {
  const everywhere = new Set<string>()
  const byResource = new Map<string, Set<string>>()
  for (const issuer of issuers) {
    if (issuer === undefined) continue
    if (issuer.resources === undefined) everywhere.add(issuer.id)
    for (const resource of issuer.resources ?? []) {
      const only = byResource.get(resource) ?? new Set()
      byResource.set(resource, only.add(issuer.id))
    }
  }
  return (id, named) => {
    const only = byResource.get(id)
    // One set for all that need no other: thousands of issuers times thousands of resources are too many entries.
    if (named === undefined) {
      return only === undefined ? everywhere : new Set([...everywhere, ...only])
    }
    return new Set(named.filter((issuer) => everywhere.has(issuer) || only?.has(issuer) === true))
  }
}

/** Adds to `findings` where the lists of issuers and of resources do not agree. */
export function checkResourcesOfIssuers(input: ConfigParts, findings: Finding[]): void {
  checkResourcesExist(input, findings)
  const issuersById = new Map(
    input.issuers.flatMap((issuer) => (issuer === undefined ? [] : [[issuer.id, issuer]])),
  )
  const issuersOf = issuersOfResources(input.issuers)
  const knowsEveryIssuer = input.issuers.length > 0 && !input.issuers.includes(undefined)
  for (const [index, resource] of input.resources.entries()) {
    if (resource === undefined) continue
    for (const [at, name] of (resource.issuers ?? []).entries()) {
      const only = issuersById.get(name)?.resources
      if (only === undefined || only.includes(resource.id)) continue
      findings.push({
        path: ['resources', index, 'issuers', at],
        message: `issuer "${name}" may not be used for resource "${resource.id}": its resources leave it out`,
        hint: `add "${resource.id}" to the resources of the issuer, or remove the issuer here`,
      })
    }
    if (resource.issuers !== undefined || !knowsEveryIssuer || !needsToken(resource)) continue
    if (issuersOf(resource.id, undefined).size > 0) continue
    findings.push({
      path: ['resources', index],
      message: `no issuer may be used for resource "${resource.id}"`,
      hint: 'every issuer has resources that leave it out; add it to those of one',
    })
  }
}

function needsToken({ routes }: ResourceParts): boolean {
  return routes.some((route) => route !== undefined && route.access !== 'public')
}

function checkResourcesExist({ issuers, resources }: ConfigParts, findings: Finding[]): void {
  const ids = new Set(resources.flatMap((resource) => resource?.id ?? []))
  if (resources.includes(undefined)) return // One of them may be the one that is named.
  for (const [index, issuer] of issuers.entries()) {
    for (const [at, id] of (issuer?.resources ?? []).entries()) {
      if (ids.has(id)) continue
      findings.push({
        path: ['issuers', index, 'resources', at],
        message: `no resource has the id "${id}"`,
        ...suggestion(id, [...ids]),
      })
    }
  }
}
