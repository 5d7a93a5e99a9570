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
import type { ClaimTestInput, ClaimTestsInput, IssuerInput } from './config-input.js'
import { checkCombination } from './combine-tests.js'
import { presetTests, type FilledIssuer } from './fill-issuer.js'
import type { Preset } from './preset.js'
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
  const { audience, clients, allowIdTokens = false } = filled
  if (audience === 'optional' && clients === undefined && !lacksNeed(filled, written)) {
    findings.push({
      path: [...path, 'audience'],
      message: 'the audience is optional, so clients must say whose tokens are accepted',
      hint: 'clients: [CLIENT_ID], or leave audience out',
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
  const { issuerForm, needs }: Preset = presets[filled.preset]
  if (issuerForm !== undefined && !issuerForm.pattern.test(filled.issuer)) {
    findings.push({
      path: [...path, filled.issuerTemplate === undefined ? 'issuer' : 'issuerTemplate'],
      message: `"${filled.issuer}" is no issuer of the preset "${filled.preset}"`,
      hint: issuerForm.hint,
    })
  } else {
    checkCombination(written, presetTests(filled), path, findings)
  }
  if (needs !== undefined && lacksNeed(filled, written)) {
    const alternatives = needs.oneOf.map((name) => (name === 'clients' ? name : `require ${name}`))
    findings.push({
      path: [...path, 'preset'],
      message: `the preset "${filled.preset}" needs ${alternatives.join(' or ')}: ${needs.why}`,
    })
  }
}

function lacksNeed(filled: FilledIssuer, written: IssuerInput): boolean {
  const { needs }: Preset = presets[filled.preset]
  return (
    needs !== undefined &&
    !needs.oneOf.some((name) =>
      name === 'clients' ? written.clients !== undefined : saysWhich(written.require?.[name]),
    )
  )
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
