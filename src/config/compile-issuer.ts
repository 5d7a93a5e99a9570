/** One issuer of the configuration, its preset filled in, and what is wrong with it. */
import type { ClaimPointers } from '../check/index.js'
import type { IssuerKeyOptions } from '../jwks/index.js'
import type { TrustedIssuer } from '../token/index.js'
import { compileSubjectType } from './compile-caller.js'
import { compileClaims } from './compile-claims.js'
import { compileAlgorithms, compileKeySource } from './compile-key-source.js'
import type { IssuerInput } from './config-input.js'
import { presets } from './presets.js'
import type { ConfigPath, Finding } from './problem.js'

/** An issuer for each room that has to know it. */
export interface CompiledIssuer {
  readonly keys: IssuerKeyOptions
  readonly trusted: TrustedIssuer
  /** Checks that may wait for this issuer's keys at the same time. */
  readonly maxWaitingChecks: number
  readonly pointers: ClaimPointers
}

/** Compiles an issuer; adds to `findings` what is wrong. `directory` is where relative file names start. */
export function compileIssuer(
  input: IssuerInput,
  path: ConfigPath,
  directory: string,
  findings: Finding[],
): CompiledIssuer {
  const preset = presets[input.preset]
  return {
    keys: compileKeySource(input, path, directory, findings),
    maxWaitingChecks: input.keys.maxWaitingChecks,
    trusted: {
      id: input.id,
      issuer: input.issuer,
      algorithms: compileAlgorithms(input, preset.algorithms, path, findings),
      tokenTypes: input.tokenTypes ?? preset.tokenTypes,
      clockToleranceMs: input.clockToleranceSeconds * 1_000,
    },
    pointers: {
      ...compileClaims(input.claims, preset.claims),
      ...(input.subjectType === undefined
        ? {}
        : { subjectType: compileSubjectType(input.subjectType) }),
    },
  }
}
