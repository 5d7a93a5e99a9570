/** Variables of the request in the conditions and audiences of a route, and what is wrong with them. */
import {
  nameKinds,
  parseHostPattern,
  type BoundText,
  type RouteBindings,
  type RoutePattern,
} from '../policy/index.js'
import { pointer } from './compile-claims.js'
import type { NameInput, NamesInput, ResourceParts, RouteInput } from './config-input.js'
import type { ConfigPath, Finding } from './problem.js'
import { suggestion } from './schema-findings.js'

/** Where a text stands, and which variables it may use. */
interface Place {
  readonly resource: ResourceParts
  readonly pattern: RoutePattern
  readonly path: ConfigPath
}

const variables = /\{([^{}]*)\}/g

/** Whether a value has variables in it. Braces with nothing like a name between them are text. */
export function isBound(value: unknown): value is string {
  return typeof value === 'string' && /\{[A-Za-z_][\w.-]*\}/.test(value)
}

/** The bindings of a route, or undefined when it has none; adds to `findings` what is wrong. */
export function compileBindings(
  resource: ResourceParts,
  route: RouteInput,
  pattern: RoutePattern,
  path: ConfigPath,
  findings: Finding[],
): RouteBindings | undefined {
  if (route.access === 'public') return undefined
  const conditions = (route.require?.claims ?? []).flatMap(({ claim, equals }, index) => {
    if (!isBound(equals)) return []
    const place = { resource, pattern, path: [...path, 'require', 'claims', index, 'equals'] }
    const text = boundText(equals, place, findings)
    return text === undefined ? [] : [{ claim: pointer(claim), equals: text }]
  })
  const audiences = resource.audiences.flatMap((audience, index) => {
    if (!isBound(audience)) return []
    const place = { resource, pattern, path: [...path.slice(0, 2), 'audiences', index] }
    return boundText(audience, place, findings, ` of route "${route.id}"`) ?? []
  })
  if (conditions.length === 0 && audiences.length === 0) return undefined
  const hostSuffixes = new Set(
    (resource.hosts ?? []).flatMap((host) => parseHostPattern(host)?.suffix ?? []),
  )
  return { conditions, audiences, pattern, hostSuffixes }
}

/** Adds to `findings` when only some audiences have variables: a token for the others would open every path. */
export function checkAudiences(
  resource: ResourceParts,
  path: ConfigPath,
  findings: Finding[],
): void {
  const index = resource.audiences.findIndex((audience) => !isBound(audience))
  if (index < 0 || !resource.audiences.some(isBound)) return
  findings.push({
    path: [...path, 'audiences', index],
    message: `a token for "${resource.audiences[index] ?? ''}" would pass whatever the other audiences say of the request`,
    hint: 'make two resources of it, or a condition: claims: [{ claim: /organization_id, equals: "{path.org}" }]',
  })
}

/** Adds to `findings` where a demanded name has a variable in it: names are literal, and such a route would open to nobody. */
export function checkNamesAreLiteral(
  { scopes, require: demands = {} }: RouteInput,
  path: ConfigPath,
  findings: Finding[],
): void {
  const places = [
    { at: [...path, 'scopes'], names: scopes },
    ...nameKinds.map((kind) => ({ at: [...path, 'require', kind], names: demands[kind] })),
  ]
  for (const { at, names } of places) {
    const bound = namesIn(names ?? []).find((name) => /\{(?:path|host)\.[^{}]*\}/.test(name))
    if (bound === undefined) continue
    findings.push({
      path: at,
      message: `"${bound}" would be compared as it is written: names have no variables of the request`,
      hint: 'put the variable into a condition: claims: [{ claim: /organization_id, equals: "{path.org}" }]',
    })
  }
}

function namesIn(input: NamesInput | NameInput): readonly string[] {
  if (typeof input === 'string') return [input]
  const parts: readonly NameInput[] = Array.isArray(input)
    ? input
    : Object.values(input as Record<string, NameInput[]>).flat()
  return parts.flatMap(namesIn)
}

function boundText(
  text: string,
  { resource, pattern, path }: Place,
  findings: Finding[],
  whose = '',
): BoundText | undefined {
  const found = [...text.matchAll(variables)]
  const [first] = found
  if (first === undefined) return undefined
  if (found.length > 1) {
    findings.push({
      path,
      message: `"${text}" has more than one variable, so that two requests could mean the same`,
      hint: 'one condition for each variable',
    })
    return undefined
  }
  const [whole, name = ''] = first
  const known = new Map<string, BoundText['variable']>(
    pattern.flatMap((segment, index) =>
      segment.kind === 'one' && segment.name !== undefined
        ? [[`path.${segment.name}`, { segment: index }] as const]
        : [],
    ),
  )
  const hosts = (resource.hosts ?? []).map((host) => parseHostPattern(host)?.name)
  const [host] = hosts
  if (host !== undefined && hosts.every((other) => other === host)) {
    known.set(`host.${host}`, 'host')
  }
  const variable = known.get(name)
  if (variable !== undefined) {
    const at = first.index
    return { before: text.slice(0, at), variable, after: text.slice(at + whole.length) }
  }
  findings.push({
    path,
    message: `"{${name}}" is no variable of the path or of every host${whose}`,
    ...(known.size === 0
      ? { hint: 'name a segment, as in path: "/orgs/{org}/**", and write {path.org}' }
      : suggestion(name, [...known.keys()])),
  })
  return undefined
}
