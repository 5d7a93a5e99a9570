/**
 * What an operator's `require` and `refuse` make of those of the preset where both are about the same claim.
 *
 * The rules are:
 *   - what the preset refuses stays refused, and what the operator refuses is refused beside it;
 *   - a demand of the preset may be made narrower, never wider: the preset would lose what tells access tokens from others;
 *   - what cannot be said in one test is a problem, and never dropped.
 */
import type { ClaimTestInput, ClaimTestsInput, IssuerInput } from './config-input.js'
import type { ConfigPath, Finding } from './problem.js'

/** The rules of a preset, its issuer's parts filled in. */
export interface PresetTests {
  readonly require: ClaimTestsInput
  readonly refuse: ClaimTestsInput
}

/** One test that refuses what both refuse; the operator's where there is none. */
export function refusedByBoth(preset: ClaimTestInput, written: ClaimTestInput): ClaimTestInput {
  if (admits(written, preset)) return written
  if (admits(preset, written)) return preset
  const values = [valuesOf(preset), valuesOf(written)]
  const [ours, theirs] = values
  return ours === undefined || theirs === undefined ? written : [...new Set([...ours, ...theirs])]
}

/** Adds to `findings` where the operator's tests would take something away from the preset's. */
export function checkCombination(
  written: Pick<IssuerInput, 'require' | 'refuse'>,
  preset: PresetTests,
  path: ConfigPath,
  findings: Finding[],
): void {
  for (const [claim, test] of Object.entries(written.require ?? {})) {
    const demanded = preset.require[claim]
    if (demanded === undefined || admits(demanded, test)) continue
    findings.push({
      path: [...path, 'require', claim],
      atKey: true,
      message: `the preset requires ${shown(demanded)} of "${claim}", and this would let other tokens pass`,
      hint: 'require less than that only with a preset without rules, such as generic-lenient',
    })
  }
  for (const [claim, test] of Object.entries(written.refuse ?? {})) {
    const refused = preset.refuse[claim]
    if (refused === undefined || admits(refusedByBoth(refused, test), refused)) continue
    findings.push({
      path: [...path, 'refuse', claim],
      atKey: true,
      message: `the preset refuses ${shown(refused)} of "${claim}", and this would no longer refuse it`,
      hint: 'write values, which are refused beside those of the preset',
    })
  }
}

/** Whether every value that passes `narrow` passes `wide` too. */
function admits(wide: ClaimTestInput, narrow: ClaimTestInput): boolean {
  if (isPresent(wide)) return valuesOf(narrow)?.includes('') !== true
  const values = valuesOf(narrow)
  const allowed = valuesOf(wide)
  if (allowed !== undefined) return values?.every((value) => allowed.includes(value)) === true
  const prefix = prefixOf(wide) ?? ''
  const texts = values ?? [prefixOf(narrow)]
  return texts.every((text) => typeof text === 'string' && text.startsWith(prefix))
}

type Value = string | number | boolean

function valuesOf(test: ClaimTestInput): readonly Value[] | undefined {
  if (typeof test !== 'object') return [test]
  return Array.isArray(test) ? test : undefined
}

function isPresent(test: ClaimTestInput): boolean {
  return typeof test === 'object' && 'present' in test
}

function prefixOf(test: ClaimTestInput): string | undefined {
  return typeof test === 'object' && 'prefix' in test ? test.prefix : undefined
}

function shown(test: ClaimTestInput): string {
  return isPresent(test) ? 'a value' : JSON.stringify(test)
}
