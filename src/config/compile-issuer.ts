/** One issuer of the configuration, its preset filled in, and what is wrong with it. */
import type { ClaimPointers } from '../check/index.js'
import type { IssuerKeyOptions } from '../jwks/index.js'
import { parseJsonPointer, type JsonPointer } from '../policy/index.js'
import type { TrustedIssuer } from '../token/index.js'
import { compileAlgorithms, compileKeySource } from './compile-key-source.js'
import { compileLimits } from './compile-partner.js'
import { compileTemplate, nameIssuer } from './compile-template.js'
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
  entry: IssuerInput,
  path: ConfigPath,
  directory: string,
  findings: Finding[],
): CompiledIssuer {
  const input = nameIssuer(entry, path, findings)
  const template = compileTemplate(input, path, findings)
  const preset = presets[input.preset]
  const claims = { ...preset.claims, ...definedOnly(input.claims) }
  return {
    keys: compileKeySource(input, path, directory, findings),
    maxWaitingChecks: input.keys.maxWaitingChecks,
    trusted: {
      id: input.id,
      issuer: input.issuer,
      algorithms: compileAlgorithms(input, preset.algorithms, path, findings),
      tokenTypes: input.tokenTypes ?? preset.tokenTypes,
      clockToleranceMs: input.clockToleranceSeconds * 1_000,
      ...(template === undefined ? {} : { template }),
      ...((input.keys.honourKeyIssuer ?? template !== undefined) ? { honoursKeyIssuer: true } : {}),
    },
    pointers: {
      scopes: claims.scopes.map(pointer),
      permissions: claims.permissions.map(pointer),
      roles: claims.roles.map(pointer),
      client: claims.client.map(pointer),
      limits: compileLimits(input, path, findings),
    },
  }
}

/** A pointer that the schema has already found to be one. */
export function pointer(text: string): JsonPointer {
  const parsed = parseJsonPointer(text)
  if (parsed === undefined) throw new TypeError(`"${text}" is not a JSON Pointer`)
  return parsed
}

function definedOnly(
  claims: IssuerInput['claims'],
): Partial<Record<'scopes' | 'permissions' | 'roles' | 'client', string[]>> {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
}
