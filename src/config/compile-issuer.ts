/** One issuer of the configuration, its preset filled in, and what is wrong with it. */
import type { ClaimPointers } from '../check/index.js'
import type { IssuerKeyOptions } from '../jwks/index.js'
import { parseJsonPointer, type JsonPointer } from '../policy/index.js'
import type { TrustedIssuer } from '../token/index.js'
import { compileAlgorithms, compileKeySource } from './compile-key-source.js'
import { compileTokenRules } from './compile-token-rules.js'
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
}

/** Compiles an issuer; adds to `findings` what is wrong. `directory` is where relative file names start. */
export function compileIssuer(
  written: IssuerInput,
  path: ConfigPath,
  directory: string,
  findings: Finding[],
): CompiledIssuer {
  const input = fillIssuer(written)
  const { claims } = input
  return {
    keys: compileKeySource(input, path, directory, findings),
    maxWaitingChecks: input.keys.maxWaitingChecks,
    trusted: {
      id: input.id,
      issuer: input.issuer,
      algorithms: compileAlgorithms(input, path, findings),
      tokenTypes: input.tokenTypes,
      clockToleranceMs: input.clockToleranceSeconds * 1_000,
      rules: compileTokenRules(input, written, path, findings),
    },
    pointers: {
      scopes: claims.scopes.map(pointer),
      permissions: claims.permissions.map(pointer),
      roles: claims.roles.map(pointer),
      client: claims.client.map(pointer),
    },
  }
}

/** A pointer that the schema has already found to be one. */
export function pointer(text: string): JsonPointer {
  const parsed = parseJsonPointer(text)
  if (parsed === undefined) throw new TypeError(`"${text}" is not a JSON Pointer`)
  return parsed
}
