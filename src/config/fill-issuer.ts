/**
 * An issuer's entry with its preset filled in, before anything is compiled. What the operator wrote wins; `require`,
 * `refuse` and `claims` are filled member by member, so that a rule of the preset stays when another is added. What the
 * preset refuses of a claim stays refused beside what the operator refuses of it.
 */
import type { NameKind } from '../policy/index.js'
import type { PlaceInput } from './claims-input.js'
import { refusedByBoth, type PresetTests } from './combine-tests.js'
import type { NamedIssuerInput } from './compile-template.js'
import type { ClaimTestsInput, IssuerInput, KeysInput } from './config-input.js'
import type { Preset, PresetKeys } from './preset.js'
import { presets } from './presets.js'

/** The keys of `keys` that are a source each; exactly one is given once an entry is filled. */
export const sourceKeys = [
  'discovery',
  'jwksUri',
  'jwksFile',
  'jwks',
  'pem',
  'x509Map',
  'secretFile',
  'metadataUrl',
  'keyUrl',
] as const

/** An entry in which nothing is left to a preset. */
export interface FilledIssuer extends NamedIssuerInput {
  algorithms: NonNullable<IssuerInput['algorithms']>
  tokenTypes: NonNullable<IssuerInput['tokenTypes']>
  claims: Record<NameKind, PlaceInput[]> & { client: string[] }
}

/** Fills an entry. Where the issuer has not the form that its preset expects, names in braces stay as they are. */
export function fillIssuer(input: NamedIssuerInput): FilledIssuer {
  const preset: Preset = presets[input.preset]
  const fill = filler(input.issuer, preset)
  const tests = presetTests(input)
  return {
    ...input,
    keys: fillKeys(input.keys, preset.keys ?? { discovery: true }, fill),
    algorithms:
      input.algorithms ??
      (input.keys.secretFile === undefined ? [...preset.algorithms] : ['HS256']),
    tokenTypes:
      input.tokenTypes ?? (preset.tokenTypes === 'lenient' ? 'lenient' : [...preset.tokenTypes]),
    claims: { ...copied(preset.claims), ...definedOnly(input.claims) },
    require: { ...tests.require, ...input.require },
    refuse: refused(tests.refuse, input.refuse),
    refuseHeaders: input.refuseHeaders ?? preset.refuseHeaders?.map(fill),
    refuseIssuers: input.refuseIssuers ?? preset.refuseIssuers?.map(fill),
    padding: input.padding ?? preset.padding,
    audience: input.audience ?? preset.audience,
    clients: input.clients ?? preset.clients?.map(fill),
    subject: input.subject ?? preset.subject,
  }
}

/** What the preset of an entry requires and refuses, with the parts of the issuer in it. */
export function presetTests(input: NamedIssuerInput): PresetTests {
  const preset: Preset = presets[input.preset]
  const fill = filler(input.issuer, preset)
  return {
    require: filledTests(preset.require, fill),
    refuse: filledTests(preset.refuse, fill),
  }
}

function filler(issuer: string, { issuerForm }: Preset): (text: string) => string {
  const groups: Readonly<Record<string, string>> = {
    ...issuerForm?.pattern.exec(issuer)?.groups,
    issuer,
  }
  return (text) => text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => groups[name] ?? whole)
}

/** The preset's source only where none is given; what goes with a source only with the preset's own. */
function fillKeys(keys: KeysInput, preset: PresetKeys, fill: (text: string) => string): KeysInput {
  if (sourceKeys.some((key) => keys[key] !== undefined)) return keys
  const filled = Object.fromEntries(
    Object.entries(preset).map(([key, value]) => [
      key,
      typeof value === 'string' ? fill(value) : value,
    ]),
  ) as PresetKeys
  return { ...keys, ...filled, ...definedOnly(keys) }
}

function filledTests(
  tests: Readonly<ClaimTestsInput> = {},
  fill: (text: string) => string,
): ClaimTestsInput {
  const filled = Object.entries(tests).map(([claim, test]) => [
    claim,
    typeof test === 'string' ? fill(test) : test,
  ])
  return Object.fromEntries(filled) as ClaimTestsInput
}

function refused(preset: ClaimTestsInput, written: ClaimTestsInput = {}): ClaimTestsInput {
  const both = Object.entries(preset).map(([claim, test]) => {
    const own = written[claim]
    return [claim, own === undefined ? test : refusedByBoth(test, own)]
  })
  return { ...written, ...(Object.fromEntries(both) as ClaimTestsInput) }
}

function copied(claims: Preset['claims']): FilledIssuer['claims'] {
  const { scopes, permissions, roles, client } = claims
  const { groups = ['/groups'], entitlements = ['/entitlements'] } = claims
  return {
    scopes: [...scopes],
    permissions: [...permissions],
    roles: [...roles],
    groups: [...groups],
    entitlements: [...entitlements],
    client: [...client],
  }
}

function definedOnly<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
