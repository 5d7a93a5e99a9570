/** From a configuration of the right shape to one that can be run; what only shows in the whole is checked here. */
import { resolve } from 'node:path'
import {
  callerClaims,
  compilePolicy,
  elsewhereClaims,
  nameKinds,
  pointerOf,
  requestOverrideHeaders,
  underscoreTwins,
  type JsonPointer,
  type Route,
} from '../policy/index.js'
import { checkIntrospections, needsKeys, opaqueIssuerOf } from './compile-introspection.js'
import { compileIssuer, type CompiledIssuer } from './compile-issuer.js'
import { compileListen } from './compile-listen.js'
import { checkResourcesOfIssuers, issuersOfResources } from './compile-partner.js'
import { compileResource, type PlacedEntry } from './compile-resource.js'
import { checkTemplateOverlaps } from './compile-template.js'
import { compileRevocation, revocationClaims } from './compile-revocation.js'
import { compileScopes } from './compile-scopes.js'
import type { ConfigParts } from './config-input.js'
import type { GateConfig } from './gate-config.js'
import type { ConfigPath, Finding } from './problem.js'
import { suggestion } from './schema-findings.js'

/**
 * Compiles the parts of a configuration that have the right shape; adds to `findings` everything that is wrong with
 * them. With findings, or with parts left open, the result is not to be used.
 */
export function compileConfig(
  input: ConfigParts,
  directoryOf: (path: ConfigPath) => string,
  findings: Finding[],
): GateConfig {
  const issuers = input.issuers.flatMap((issuer, index) => {
    const path = ['issuers', index]
    return issuer === undefined ? [] : [compileIssuer(issuer, path, directoryOf(path), findings)]
  })
  const issuerIds = new Set(issuers.map(({ trusted }) => trusted.id))
  const introspections = issuers.flatMap(({ introspection }) => introspection ?? [])
  const keyless = new Set(
    input.issuers.flatMap((issuer) =>
      issuer === undefined || needsKeys(issuer) ? [] : [issuer.id],
    ),
  )
  const issuersOf = issuersOfResources(input.issuers)
  const placed = input.resources.flatMap((resource, index) => {
    if (resource === undefined) return []
    const accepted = issuersOf(resource.id, resource.issuers)
    const pads = issuers.some(
      ({ trusted }) => trusted.toleratesPadding === true && accepted.has(trusted.id),
    )
    const acceptance = {
      issuers: accepted,
      opaqueIssuer: opaqueIssuerOf(resource, introspections, accepted),
      ...(pads ? { allowsPaddedParts: true } : {}),
    }
    return compileResource(resource, ['resources', index], acceptance, findings)
  })
  checkNames(input, issuerIds, findings)
  checkIssuersGiven(input, findings)
  checkIntrospections(input, introspections, issuersOf, findings)
  checkResourcesOfIssuers(input, findings)
  checkTemplateOverlaps(input, findings)

  const { policy, conflicts } = compilePolicy(placed.map(({ entry }) => entry))
  for (const { first, second } of conflicts) {
    findings.push(conflictFinding(placed[first], placed[second]))
  }
  return {
    listen: compileListen(input.listen, directoryOf(['listen']), findings),
    keysSnapshotDir:
      input.keysSnapshotDir === undefined
        ? undefined
        : resolve(directoryOf(['keysSnapshotDir']), input.keysSnapshotDir),
    limits: input.limits,
    log: input.log,
    shutdown: {
      drainMs: input.shutdown.drainSeconds * 1_000,
      graceMs: input.shutdown.graceSeconds * 1_000,
    },
    policy,
    issuerKeys: issuers.map(({ keys }) => keys).filter(({ id }) => !keyless.has(id)),
    maxWaitingForKeys: new Map(
      issuers.map(({ trusted, maxWaitingChecks }) => [trusted.id, maxWaitingChecks]),
    ),
    issuerEntries: new Map(
      input.issuers.filter((entry) => entry !== undefined).map((entry) => [entry.id, entry]),
    ),
    trustedIssuers: issuers.map(({ trusted }) => trusted),
    claimPointers: new Map(issuers.map(({ trusted, pointers }) => [trusted.id, pointers])),
    neededClaims: [
      ...new Set([
        ...neededClaims(issuers, policy.routes),
        ...(input.revocation === undefined ? [] : revocationClaims),
      ]),
    ],
    managedHeaders: managedHeaders(policy.routes),
    introspections,
    implyScopes: compileScopes(
      input,
      placed.map(({ entry, path }) => ({ route: entry.route, path })),
      findings,
    ),
    revocation: compileRevocation(input.revocation, directoryOf(['revocation']), findings),
  }
}

function checkNames(input: ConfigParts, issuerIds: ReadonlySet<string>, findings: Finding[]): void {
  const repeated = <K extends 'id' | 'issuer' | 'issuerTemplate'>(
    entries: readonly (Readonly<Partial<Record<K, string | undefined>>> | undefined)[],
    path: ConfigPath,
    key: K,
  ): void => {
    const seen = new Set<string>()
    for (const [index, entry] of entries.entries()) {
      const name = entry?.[key]
      if (name === undefined) continue
      if (seen.has(name)) {
        findings.push({ path: [...path, index, key], message: `${key} "${name}" is given twice` })
      }
      seen.add(name)
    }
  }
  repeated(input.issuers, ['issuers'], 'id')
  repeated(input.issuers, ['issuers'], 'issuer')
  repeated(input.issuers, ['issuers'], 'issuerTemplate')
  repeated(input.resources, ['resources'], 'id')
  // An id that is not found may be the one of an issuer that could not be read.
  const knowsEveryIssuer = !input.issuers.includes(undefined)
  for (const [index, resource] of input.resources.entries()) {
    if (resource === undefined) continue
    repeated(resource.routes, ['resources', index, 'routes'], 'id')
    for (const [at, id] of (resource.issuers ?? []).entries()) {
      if (issuerIds.has(id) || !knowsEveryIssuer) continue
      findings.push({
        path: ['resources', index, 'issuers', at],
        message: `no issuer has the id "${id}"`,
        ...suggestion(id, [...issuerIds]),
      })
    }
  }
}

function checkIssuersGiven(input: ConfigParts, findings: Finding[]): void {
  const routes = input.resources.flatMap((resource) => resource?.routes ?? [])
  const needsIssuer = routes.some((route) => route !== undefined && route.access !== 'public')
  if (needsIssuer && input.issuers.length === 0) {
    findings.push({
      path: ['issuers'],
      message: 'no issuer is given, so no access token could ever be accepted',
      hint: 'add issuers: [{ id: main, issuer: "https://..." }]',
    })
  }
}

function conflictFinding(first: PlacedEntry | undefined, second: PlacedEntry | undefined): Finding {
  const [one, other] = [first?.entry.route.qualifiedId ?? '', second?.entry.route.qualifiedId ?? '']
  return {
    path: second?.path ?? [],
    message: `route "${other}" matches the same requests as route "${one}"`,
    hint: 'change the host, the methods or the path of one of them, or remove it',
  }
}

function neededClaims(
  issuers: readonly CompiledIssuer[],
  routes: readonly Route[],
): readonly string[] {
  const pointers: JsonPointer[] = [
    ...issuers.flatMap(({ pointers }) => [
      ...nameKinds.flatMap((kind) => (pointers[kind] ?? []).map(pointerOf)),
      ...pointers.client,
      ...(pointers.subjectType === undefined ? [] : [pointers.subjectType.claim]),
    ]),
    ...routes.flatMap(({ bindings }) => bindings?.conditions.map(({ claim }) => claim) ?? []),
    ...routes.flatMap(({ requirement }) => requirement.claims?.map(({ claim }) => claim) ?? []),
    ...routes.flatMap(({ resource }) => resource.upstreamHeaders.map(({ claim }) => claim)),
  ]
  const isTyped = routes.some(({ subjectType }) => subjectType !== undefined)
  return [
    ...new Set([
      ...pointers.flatMap((pointer) => pointer.slice(0, 1)),
      ...callerClaims.delegation,
      ...elsewhereClaims,
      ...(isTyped ? callerClaims.subjectType : []),
    ]),
  ]
}

function managedHeaders(routes: readonly Route[]): readonly string[] {
  const names = new Set(requestOverrideHeaders)
  for (const { resource } of routes) {
    for (const { name } of resource.upstreamHeaders) names.add(name)
  }
  return [...names].flatMap((name) => [name, ...underscoreTwins(name)])
}
