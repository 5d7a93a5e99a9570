/** One issuer of the configuration, its preset filled in, and what is wrong with it. */
import type { ClaimPointers } from '../check/index.js'
import type { IntrospectionOptions } from '../introspection/index.js'
import type { IssuerKeyOptions } from '../jwks/index.js'
import type { TrustedIssuer } from '../token/index.js'
import { compileSubjectType } from './compile-caller.js'
import { compileClaims } from './compile-claims.js'
import { compileIntrospection, needsKeys } from './compile-introspection.js'
import { compileAlgorithms, compileKeySource } from './compile-key-source.js'
import { compileTokenRules, reader } from './compile-token-rules.js'
import { compileLimits } from './compile-partner.js'
import { compileTemplate, nameIssuer } from './compile-template.js'
import type { IssuerInput } from './config-input.js'
import { fillIssuer } from './fill-issuer.js'
import type { ConfigPath, Finding } from './problem.js'

/** An issuer for each room that has to know it. */
export interface CompiledIssuer {
  readonly keys: IssuerKeyOptions
  readonly trusted: TrustedIssuer
  /** Checks that may wait for this issuer's keys at the same time. */
  readonly maxWaitingChecks: number
  readonly pointers: ClaimPointers
  /** Undefined when nobody is asked about this issuer's tokens. */
  readonly introspection: IntrospectionOptions | undefined
}

/** Compiles an issuer; adds to `findings` what is wrong. `directory` is where relative file names start. */
export function compileIssuer(
  entry: IssuerInput,
  path: ConfigPath,
  directory: string,
  findings: Finding[],
): CompiledIssuer {
  const written = nameIssuer(entry, path, findings)
  const template = compileTemplate(written, path, findings)
  const input = fillIssuer(written)
  const algorithms = compileAlgorithms(input, path, findings)
  const clockToleranceMs = input.clockToleranceSeconds * 1_000
  const rules = compileTokenRules(input, written, path, findings)
  const owner = {
    algorithms,
    clockToleranceMs,
    rules,
    tokenTypes: input.tokenTypes,
    clientPlaces: input.claims.client.map(reader),
  }
  return {
    introspection: compileIntrospection(input, owner, path, directory, findings),
    // What is wrong with keys that nobody uses is nobody's problem: the default source fits few such issuers.
    keys: compileKeySource(input, path, directory, needsKeys(input) ? findings : []),
    maxWaitingChecks: input.keys.maxWaitingChecks,
    trusted: {
      id: input.id,
      issuer: input.issuer,
      algorithms,
      tokenTypes: input.tokenTypes,
      clockToleranceMs,
      rules,
      ...(template === undefined ? {} : { template }),
      ...(input.padding === 'tolerate' ? { toleratesPadding: true } : {}),
      ...((input.keys.honourKeyIssuer ?? template !== undefined) ? { honoursKeyIssuer: true } : {}),
    },
    pointers: {
      ...compileClaims(input.claims),
      limits: compileLimits(input, path, findings),
      ...(input.subjectType === undefined
        ? {}
        : { subjectType: compileSubjectType(input.subjectType) }),
    },
  }
}
