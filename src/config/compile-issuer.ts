/** One issuer of the configuration, its preset filled in, and what is wrong with it. */
import { resolve } from 'node:path'
import type { ClaimPointers } from '../check/index.js'
import { isFetchable, type IssuerKeyOptions, type KeySource } from '../jwks/index.js'
import { parseJsonPointer, type JsonPointer } from '../policy/index.js'
import type { TrustedIssuer } from '../token/index.js'
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

const sourceKeys = ['discovery', 'jwksUri', 'jwksFile', 'jwks'] as const

/** Compiles an issuer; adds to `findings` what is wrong. `directory` is where relative file names start. */
export function compileIssuer(
  input: IssuerInput,
  path: ConfigPath,
  directory: string,
  findings: Finding[],
): CompiledIssuer {
  const preset = presets[input.preset]
  const { keys } = input
  const claims = { ...preset.claims, ...definedOnly(input.claims) }
  return {
    keys: {
      id: input.id,
      issuer: input.issuer,
      source: keySource(input, path, directory, findings),
      refreshMs: keys.refreshSeconds * 1_000,
      maxStaleMs: keys.maxStaleSeconds * 1_000,
      cooldownMs: keys.cooldownSeconds * 1_000,
      timeoutMs: keys.timeoutSeconds * 1_000,
      allowInsecure: keys.allowInsecure,
    },
    maxWaitingChecks: keys.maxWaitingChecks,
    trusted: {
      id: input.id,
      issuer: input.issuer,
      algorithms: new Set(input.algorithms ?? preset.algorithms),
      tokenTypes: input.tokenTypes ?? preset.tokenTypes,
      clockToleranceMs: input.clockToleranceSeconds * 1_000,
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

function keySource(
  { issuer, keys }: IssuerInput,
  path: ConfigPath,
  directory: string,
  findings: Finding[],
): KeySource {
  const given = sourceKeys.filter((key) => keys[key] !== undefined)
  if (given.length !== 1) {
    findings.push({
      path: [...path, 'keys'],
      message: `keys come from exactly one source, and ${given.length === 0 ? 'none is' : `${given.join(' and ')} are`} given`,
      hint: 'one of "discovery: true", jwksUri, jwksFile, jwks',
    })
  }
  if (keys.maxStaleSeconds < keys.refreshSeconds) {
    findings.push({
      path: [...path, 'keys', 'maxStaleSeconds'],
      message:
        'maxStaleSeconds is shorter than refreshSeconds: keys would expire between refreshes',
    })
  }
  if (keys.jwks !== undefined) return { kind: 'inline', jwks: keys.jwks }
  if (keys.jwksFile !== undefined) {
    return { kind: 'jwksFile', path: resolve(directory, keys.jwksFile) }
  }
  const [url, at] =
    keys.jwksUri === undefined
      ? [issuer, [...path, 'issuer']]
      : [keys.jwksUri, [...path, 'keys', 'jwksUri']]
  if (!isFetchable(url, keys.allowInsecure)) {
    findings.push({ path: at, ...unfetchable(url, keys.jwksUri !== undefined) })
  }
  return keys.jwksUri === undefined
    ? { kind: 'discovery', issuer }
    : { kind: 'jwksUri', jwksUri: keys.jwksUri }
}

/** Why keys cannot be fetched from a URL. Does not repeat a password that is in it. */
function unfetchable(url: string, isJwksUri: boolean): { message: string; hint: string } {
  if (!URL.canParse(url)) {
    return {
      message: `"${url}" cannot be fetched: it is not an https URL`,
      hint: isJwksUri
        ? 'write the whole URL, from https:// on'
        : 'keys of an issuer that is no URL come from jwksUri, jwksFile or jwks',
    }
  }
  const { username, password } = new URL(url)
  return username !== '' || password !== ''
    ? {
        message: 'a URL with a user name or a password in it cannot be fetched',
        hint: 'key sets are public: leave them out',
      }
    : {
        message: `"${url}" cannot be fetched: it is not an https URL`,
        hint: 'http is allowed to this machine, or with "allowInsecure: true" in keys',
      }
}

function definedOnly(
  claims: IssuerInput['claims'],
): Partial<Record<'scopes' | 'permissions' | 'roles' | 'client', string[]>> {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
}
