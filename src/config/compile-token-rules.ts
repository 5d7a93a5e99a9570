/**
 * The rules for an issuer's tokens, out of its filled entry, and what is wrong with them.
 *
 * The rules are:
 *   - an issuer that is not of its preset's form is a problem: the preset's rules would be about something else;
 *   - what stands in the place of an audience must be there where the audience may be missing;
 *   - what a preset cannot know and must not leave open is demanded of the operator.
 */
import { parseJsonPointer, resolveJsonPointer } from '../policy/index.js'
import type { ClaimRule, ClaimTest, ReadClaim, TokenRules } from '../token/index.js'
import type {
  ClaimTestInput,
  ClaimTestsInput,
  HeaderTestsInput,
  IssuerInput,
} from './config-input.js'
import { checkCombination } from './combine-tests.js'
import { presetTests, sourceKeys, type FilledIssuer } from './fill-issuer.js'
import type { Preset, PresetNeed } from './preset.js'
import { presets } from './presets.js'
import type { ConfigPath, Finding } from './problem.js'

/** Compiles the rules; adds to `findings` what is wrong. `written` is the entry before its preset filled it. */
export function compileTokenRules(
  filled: FilledIssuer,
  written: IssuerInput,
  path: ConfigPath,
  findings: Finding[],
): TokenRules {
  checkPreset(filled, written, path, findings)
  checkHeaders(filled, path, findings)
  const { audience, clients, allowIdTokens = false } = filled
  const isBound = clients !== undefined || Object.keys(filled.requireHeaders ?? {}).length > 0
  if (audience === 'optional' && !isBound && lackingNeeds(filled, written).length === 0) {
    findings.push({
      path: [...path, 'audience'],
      message: 'the audience is optional, so clients must say whose tokens are accepted',
      hint: 'clients: [CLIENT_ID], or requireHeaders where the header says it, or leave audience out',
    })
  }
  if (allowIdTokens && filled.tokenTypes !== 'lenient') {
    findings.push({
      path: [...path, 'allowIdTokens'],
      message: 'allowIdTokens has no meaning with a list of tokenTypes',
      hint: 'tokenTypes: lenient',
    })
  }
  return {
    require: rules(filled.require),
    refuse: rules(filled.refuse),
    refusedHeaders: filled.refuseHeaders ?? [],
    ...(filled.requireHeaders === undefined
      ? {}
      : { requiredHeaders: headerTests(filled.requireHeaders) }),
    refusedIssuers: filled.refuseIssuers ?? [],
    isAudienceOptional: audience === 'optional',
    allowsIdTokens: allowIdTokens,
    clients: clients && { ids: new Set(clients), places: filled.claims.client.map(reader) },
    subject: filled.subject === undefined ? undefined : reader(filled.subject),
  }
}

function checkPreset(
  filled: FilledIssuer,
  written: IssuerInput,
  path: ConfigPath,
  findings: Finding[],
): void {
  const { issuerForm }: Preset = presets[filled.preset]
  if (issuerForm !== undefined && !issuerForm.pattern.test(filled.issuer)) {
    findings.push({
      path: [...path, filled.issuerTemplate === undefined ? 'issuer' : 'issuerTemplate'],
      message: `"${filled.issuer}" is no issuer of the preset "${filled.preset}"`,
      hint: issuerForm.hint,
    })
  } else {
    checkCombination(written, presetTests(filled), path, findings)
  }
  for (const { oneOf, why } of lackingNeeds(filled, written)) {
    const alternatives = oneOf.map((name) => (name.startsWith('/') ? `require ${name}` : name))
    findings.push({
      path: [...path, 'preset'],
      message: `the preset "${filled.preset}" needs ${alternatives.join(' or ')}: ${why}`,
    })
  }
}

/** Members that say how the signature is computed and by which key: they have rules of their own, and bind nobody. */
const joseHeaders = ['alg', 'kid', 'typ', 'cty', 'crit', 'b64', 'jku', 'jwk', 'x5u', 'x5c', 'x5t']

function checkHeaders(filled: FilledIssuer, path: ConfigPath, findings: Finding[]): void {
  for (const name of Object.keys(filled.requireHeaders ?? {})) {
    if (!joseHeaders.includes(name.replace(/#.*$/, ''))) continue
    findings.push({
      path: [...path, 'requireHeaders', name],
      atKey: true,
      message: `"${name}" cannot be required: it has a rule of its own, and does not say whose a token is`,
      hint: 'algorithms and tokenTypes say which alg and typ are good',
    })
  }
  if (filled.introspection === undefined) return
  for (const key of ['requireHeaders', 'padding'] as const) {
    if (filled[key] === undefined || filled[key] === 'refuse') continue
    // Fail closed: a token that is only asked about has no header that anybody signed.
    findings.push({
      path: [...path, key],
      message: `${key} has no meaning for an issuer that is asked about tokens`,
      hint: 'leave introspection out',
    })
  }
}

function headerTests(tests: HeaderTestsInput): ReadonlyMap<string, ReadonlySet<unknown>> {
  return new Map(
    Object.entries(tests).map(([name, test]) => [
      name,
      new Set(typeof test === 'string' ? [test] : test),
    ]),
  )
}

function lackingNeeds(filled: FilledIssuer, written: IssuerInput): readonly PresetNeed[] {
  const { needs = [] }: Preset = presets[filled.preset]
  return [needs].flat().filter(({ oneOf }) => !oneOf.some((name) => isGiven(name, written)))
}

function isGiven(name: string, written: IssuerInput): boolean {
  const { clients, keys, require, requireHeaders } = written
  if (name === 'clients') return clients !== undefined
  // Keys from elsewhere are as good: what must not be is the preset's silence about them.
  if (name === 'keys.keyUrl') return sourceKeys.some((key) => keys[key] !== undefined)
  const header = /^requireHeaders\.(.+)$/.exec(name)?.[1]
  if (header !== undefined) return requireHeaders?.[header] !== undefined
  return saysWhich(require?.[name])
}

/** That a claim is there, with whatever value, leaves open what the preset must not leave open. */
function saysWhich(test: ClaimTestInput | undefined): boolean {
  return test !== undefined && !(typeof test === 'object' && 'present' in test)
}

function rules(tests: ClaimTestsInput = {}): readonly ClaimRule[] {
  return Object.entries(tests).map(([claim, test]) => ({
    read: reader(claim),
    test: compileTest(test),
  }))
}

function compileTest(test: ClaimTestInput): ClaimTest {
  if (typeof test !== 'object') return { kind: 'oneOf', values: new Set([test]) }
  if (Array.isArray(test)) return { kind: 'oneOf', values: new Set(test) }
  return 'prefix' in test ? { kind: 'prefix', prefix: test.prefix } : { kind: 'present' }
}

/** Reads the claim at a pointer that the schema has already found to be one. */
export function reader(text: string): ReadClaim {
  const parsed = parseJsonPointer(text)
  if (parsed === undefined) throw new TypeError(`"${text}" is not a JSON Pointer`)
  return (claims) => resolveJsonPointer(claims, parsed)
}
