/** Issuers that are one for each tenant: what a template may look like, and which two cannot stand beside each other. */
import { parseJsonPointer, resolveJsonPointer } from '../policy/index.js'
import type { IssuerTemplate } from '../token/index.js'
import type { ConfigParts, IssuerInput } from './config-input.js'
import type { ConfigPath, Finding } from './problem.js'

/** An issuer and what it is called: by its name, or by its template. */
export type NamedIssuerInput = IssuerInput & { readonly issuer: string }

// A host without placeholder, then segments that are themselves: no `.` or `..`, nothing encoded, no query, no brace.
const prefixForm = /^https?:\/\/[^/?#{}\s%\\@]+(?:\/(?!\.{1,2}\/)[^/?#{}\s%\\]+)*\/$/
const suffixForm = /^(?:\/(?!\.{1,2}(?:\/|$))[^/?#{}\s%\\]+)*\/?$/
/** Of a GUID the lower case, as issuers write it. */
const tenantForms = {
  guid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  name: /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
}
const placeholder = /\/\{([A-Za-z][A-Za-z0-9_]{0,31})\}(?=\/|$)/

/** The issuer by one name; adds to `findings` when it has none or two. */
export function nameIssuer(
  input: IssuerInput,
  path: ConfigPath,
  findings: Finding[],
): NamedIssuerInput {
  const { issuer, issuerTemplate } = input
  if (issuer === undefined && issuerTemplate === undefined) {
    findings.push({ path: [...path, 'issuer'], message: '"issuer" is missing' })
  }
  if (issuer !== undefined && issuerTemplate !== undefined) {
    findings.push({
      path: [...path, 'issuerTemplate'],
      atKey: true,
      message: 'an issuer has either a name or a template',
      hint: 'keep one of issuer and issuerTemplate',
    })
  }
  return { ...input, issuer: issuer ?? issuerTemplate ?? '' }
}

/** The template of an issuer; undefined when it has none or a bad one. Adds to `findings` what is wrong. */
export function compileTemplate(
  { issuerTemplate: text, bind }: IssuerInput,
  path: ConfigPath,
  findings: Finding[],
): IssuerTemplate | undefined {
  const add = (keys: ConfigPath, message: string, hint: string): void => {
    findings.push({ path: [...path, ...keys], message, hint })
  }
  if (text === undefined) {
    if (bind === undefined) return undefined
    add(['bind'], 'bind has no meaning without issuerTemplate', 'remove it')
    return undefined
  }
  const parts = templateParts(text)
  if (parts === undefined) {
    add(
      ['issuerTemplate'],
      `"${text}" is not a template: a URL with one {name} for a whole path segment`,
      'such as https://login.example.com/{tenant}/v2.0',
    )
    return undefined
  }
  const { name, prefix, suffix } = parts
  const [bound, ...others] = Object.entries(bind ?? {})
  if (bound?.[0] !== name || others.length > 0) {
    const shown = `bind: { ${name}: { claim: /tid } }`
    add(
      bind === undefined ? ['issuerTemplate'] : ['bind'],
      `the template's {${name}}, and nothing else, has to be bound to a claim`,
      `${shown}; without it a token of one tenant could say to be of another`,
    )
    return undefined
  }
  const [, { claim, pattern, allow }] = bound
  for (const [at, tenant] of (allow ?? []).entries()) {
    if (tenantForms[pattern].test(tenant)) continue
    add(
      ['bind', name, 'allow', at],
      `"${tenant}" is no tenant of the pattern "${pattern}", so no token could ever name it`,
      pattern === 'guid'
        ? 'a GUID is written in lower case, with hyphens'
        : 'letters, digits, "-" and "_"; 64 at most',
    )
  }
  const place = parseJsonPointer(claim) ?? [] // The schema has found it to be one.
  return {
    prefix,
    suffix,
    tenantForm: tenantForms[pattern],
    boundClaim: (claims) => resolveJsonPointer(claims, place),
    allowedTenants: allow && new Set(allow),
  }
}

interface TemplateParts {
  readonly name: string
  readonly prefix: string
  readonly suffix: string
}

function templateParts(text: string): TemplateParts | undefined {
  const found = placeholder.exec(text)
  const name = found?.[1]
  if (found === null || name === undefined) return undefined
  const prefix = text.slice(0, found.index + 1)
  const suffix = text.slice(found.index + found[0].length)
  return prefixForm.test(prefix) && suffixForm.test(suffix) ? { name, prefix, suffix } : undefined
}

/** Adds to `findings` every template of which another one could be filled in to the same issuer. */
export function checkTemplateOverlaps(input: ConfigParts, findings: Finding[]): void {
  const owners = new Map<string, Map<number, string>>()
  const sameParts = new Map<string, { readonly id: string; readonly text: string | undefined }>()
  for (const [index, issuer] of input.issuers.entries()) {
    const parts = templateParts(issuer?.issuerTemplate ?? '')
    if (issuer === undefined || parts === undefined) continue
    const { at, shapes } = shapesOf(parts)
    const rivals = shapes.flatMap((shape) => [...(owners.get(shape) ?? [])])
    const text = issuer.issuerTemplate
    const name = `${parts.prefix}\n${parts.suffix}`
    const twin = sameParts.get(name)
    sameParts.set(name, { id: issuer.id, text })
    // The same text is found where names are compared; what the placeholder is called makes no other template.
    const twinId = twin?.text === text ? undefined : twin?.id
    const rival = twinId ?? rivals.find(([place]) => place !== at)?.[1]
    if (rival !== undefined) {
      findings.push({
        path: ['issuers', index, 'issuerTemplate'],
        message: `issuer "${issuer.id}" has a template that overlaps with that of issuer "${rival}"`,
        hint: 'an iss could be of both; give the exact names of issuers instead of one of them',
      })
    }
    for (const shape of shapes) {
      owners.set(shape, (owners.get(shape) ?? new Map<number, string>()).set(at, issuer.id))
    }
  }
}

/**
 * The template with one more segment left open, for each that could be. Two templates whose placeholders are in
 * different places overlap when they share one of these; in the same place only when they are the same.
 */
function shapesOf({ prefix, suffix }: TemplateParts): { at: number; shapes: readonly string[] } {
  const before = prefix.slice(0, -1).split('/')
  const segments = [...before, '{}', ...suffix.split('/').slice(1)]
  const at = before.length
  const shapes = segments.flatMap((segment, place) =>
    // Before the third there are the scheme and the host, and no tenant is empty.
    place < 3 || place === at || segment === '' ? [] : [segments.with(place, '{}').join('/')],
  )
  return { at, shapes }
}
