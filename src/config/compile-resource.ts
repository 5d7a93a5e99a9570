/** One protected resource of the configuration with its routes, and what is wrong with it. */
import {
  anyLabelBefore,
  canonicalHost,
  maxHyphens,
  nameKinds,
  parseHostPattern,
  parseRoutePattern,
  requiredNames,
  type NameExpression,
  type ProtectedResource,
  type Requirement,
  type Route,
  type RouteEntry,
} from '../policy/index.js'
import {
  checkAudiences,
  checkNamesAreLiteral,
  compileBindings,
  isBound,
} from './compile-bindings.js'
import { compileCaller } from './compile-caller.js'
import { pointer } from './compile-claims.js'
import type { NamesInput, ResourceParts, RouteInput } from './config-input.js'
import type { ConfigPath, Finding } from './problem.js'

/** A route entry and where it stands, for the report of conflicts. */
export interface PlacedEntry {
  readonly entry: RouteEntry<Route>
  readonly path: ConfigPath
}

/** Headers that carry the request itself; an upstream header of that name would break or forge it. */
const reservedHeaders =
  /^(?:authorization|host|connection|content-length|content-type|transfer-encoding|te|trailer|upgrade|cookie|proxy-.*|x-envoy-.*|x-forwarded-.*)$/

/** Whose tokens a resource takes, which only shows when issuers and resources are looked at together. */
type Acceptance = Pick<ProtectedResource, 'issuers' | 'opaqueIssuer' | 'allowsPaddedParts'>

/** Compiles a resource; adds to `findings` what is wrong. Routes that cannot be compiled are left out. */
export function compileResource(
  input: ResourceParts,
  path: ConfigPath,
  acceptance: Acceptance,
  findings: Finding[],
): readonly PlacedEntry[] {
  const resource: ProtectedResource = {
    id: input.id,
    realm: input.realm ?? input.id,
    audiences: new Set(input.audiences),
    upstreamHeaders: Object.entries(input.upstreamHeaders).map(([name, claim]) => ({
      name: name.toLowerCase(),
      claim: pointer(claim),
    })),
    metadataUrl: input.metadataUrl,
    ...acceptance,
  }
  checkAudiences(input, path, findings)
  checkHeaders(Object.keys(input.upstreamHeaders), path, findings)
  const hosts = (input.hosts ?? []).map((host, index) => {
    const canonical = canonicalHost(host)
    if (canonical === host) return host
    const labelled = parseHostPattern(host)
    if (labelled !== undefined) return anyLabelBefore(labelled.suffix)
    findings.push({
      path: [...path, 'hosts', index],
      message: `"${host}" is not a host as requests are matched on`,
      hint:
        canonical === undefined
          ? 'one exact host name, or one with a first label such as "{tenant}.example.com"; leave hosts out for every host'
          : `write "${canonical}"`,
    })
    return host
  })
  return input.routes.flatMap((route, index) => {
    if (route === undefined) return []
    const at = [...path, 'routes', index]
    const entry = compileRoute(route, { input, resource, hosts }, at, findings)
    return entry === undefined ? [] : [{ entry, path: at }]
  })
}

function checkHeaders(spellings: readonly string[], path: ConfigPath, findings: Finding[]): void {
  const names = new Set<string>()
  for (const spelling of spellings) {
    const name = spelling.toLowerCase()
    const at = { path: [...path, 'upstreamHeaders', spelling], atKey: true }
    if (reservedHeaders.test(name)) {
      findings.push({
        ...at,
        message: `header "${name}" belongs to the request itself`,
        hint: 'take a name of your own, such as x-auth-subject',
      })
    }
    if (name.split('-').length - 1 > maxHyphens) {
      findings.push({
        ...at,
        message: `header "${name}" has more than ${String(maxHyphens)} hyphens, too many spellings to remove`,
      })
    }
    if (names.has(name)) findings.push({ ...at, message: `header "${name}" is given twice` })
    names.add(name)
  }
}

/** What a route has from its resource. */
interface CompiledParts {
  readonly input: ResourceParts
  readonly resource: ProtectedResource
  readonly hosts: readonly string[]
}

function compileRoute(
  input: RouteInput,
  { input: parts, resource, hosts }: CompiledParts,
  path: ConfigPath,
  findings: Finding[],
): RouteEntry<Route> | undefined {
  const parsed = parseRoutePattern(input.path)
  if (parsed.kind === 'problem') {
    findings.push({ path: [...path, 'path'], message: parsed.message, hint: parsed.hint })
    return undefined
  }
  checkAccess(input, path, findings)
  checkNamesAreLiteral(input, path, findings)
  const requirement = compileRequirement(input)
  const bindings = compileBindings(parts, input, parsed.pattern, path, findings)
  const route: Route = {
    id: input.id,
    qualifiedId: `${resource.id}/${input.id}`,
    resource,
    access: input.access ?? 'restricted',
    requirement,
    challengeScopes: requirement.scopes === undefined ? [] : requiredNames(requirement.scopes),
    tokenCheck: input.tokenCheck,
    ...(bindings === undefined ? {} : { bindings }),
    ...compileCaller(parts, input, path, findings),
  }
  return { hosts, methods: input.methods ?? [], pattern: parsed.pattern, route }
}

function checkAccess(input: RouteInput, path: ConfigPath, findings: Finding[]): void {
  const { access, scopes, require: demands } = input
  const hasDemands =
    scopes !== undefined || Object.values(demands ?? {}).some((demand) => demand !== undefined)
  if (access !== undefined && hasDemands) {
    findings.push({
      path: [...path, 'access'],
      atKey: true,
      message: `route "${input.id}" is ${access} and also demands something of the token`,
      hint: 'leave out access: a route that demands something needs a token anyway',
    })
  }
  if (access === undefined && !hasDemands) {
    findings.push({
      path,
      message: `route "${input.id}" does not say who may use it`,
      hint: 'give it scopes, or "access: authenticated", or "access: public"',
    })
  }
  if (scopes !== undefined && demands?.scopes !== undefined) {
    findings.push({
      path: [...path, 'require', 'scopes'],
      atKey: true,
      message: `route "${input.id}" gives its scopes twice`,
      hint: 'keep one of scopes and require.scopes',
    })
  }
}

function compileRequirement({ scopes, require: demands = {} }: RouteInput): Requirement {
  const allScopes = scopes ?? demands.scopes
  return {
    ...Object.fromEntries(
      nameKinds.flatMap((kind) => {
        const names = kind === 'scopes' ? allScopes : demands[kind]
        return names === undefined ? [] : [[kind, expression(names)]]
      }),
    ),
    ...(demands.claims === undefined
      ? {}
      : {
          claims: demands.claims
            .filter(({ equals }) => !isBound(equals))
            .map(({ claim, equals }) => ({ claim: pointer(claim), equals })),
        }),
  }
}

function expression(names: NamesInput): NameExpression {
  return Array.isArray(names) ? { all: names } : names
}
