/** Tokens of a preset: what its file under test/vectors/presets says, signed by keys that are made here. */
import { createHmac } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { CompactSign } from 'jose'
import { parse } from 'yaml'
import type { TestKey } from './authorization-server.js'
import { blocksOf, sectionsOf } from './document-blocks.js'
import { createNamedKey } from './named-key.js'
import { paddedJws } from './padded-jws.js'

type Members = Readonly<Record<string, unknown>>

/** One token by what is different from the preset's good one; null removes a member. */
interface TokenChange {
  readonly name: string
  readonly claims?: Members
  readonly header?: Members
  /** Instead of the preset's; HS256 signs with a secret of the test. */
  readonly algorithm?: string
}

/** A file of tokens. */
export interface PresetTokens {
  /** Where the preset finds the keys: a URL, or `discovery`. */
  readonly keys: string
  readonly algorithm: string
  readonly header: Members
  /** Whether the provider pads the parts of its tokens; ES256 only. */
  readonly padded?: boolean
  readonly claims: Members
  /** Issuers that the preset must refuse. */
  readonly badIssuers: readonly string[]
  readonly accepted: readonly TokenChange[]
  readonly refused: readonly (TokenChange & { readonly reason: string })[]
}

const directory = new URL('../vectors/presets/', import.meta.url)

/** The presets that have a file. */
export function presetsWithTokens(): readonly string[] {
  return readdirSync(directory).map((name) => name.replace(/\.yaml$/, ''))
}

/** The file of a preset. */
export function presetTokens(preset: string): PresetTokens {
  return parse(readFileSync(new URL(`${preset}.yaml`, directory), 'utf8')) as PresetTokens
}

/** The configuration that the page about identity providers shows for a preset. */
export function presetConfig(preset: string): string {
  const [block = ''] = blocksOf(presetSections().get(preset) ?? '', 'yaml')
  return block
}

/** The sections of the page by their titles. */
export function presetSections(): ReadonlyMap<string, string> {
  return sectionsOf(
    readFileSync(new URL('../../docs/identity-providers.md', import.meta.url), 'utf8'),
  )
}

const keys = new Map<string, Promise<TestKey>>()

/** One key for each algorithm: making RSA keys takes a while. */
export async function presetKey(algorithm: string): Promise<TestKey> {
  const key = keys.get(algorithm) ?? createNamedKey(`key-${algorithm}`, algorithm)
  keys.set(algorithm, key)
  return await key
}

/** The token of a change, issued now for five minutes. */
export async function presetToken(
  tokens: PresetTokens,
  issuer: string,
  { claims = {}, header = {}, algorithm = tokens.algorithm }: TokenChange,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const payload = JSON.stringify(
    withoutNulls({ iss: issuer, iat: now, exp: now + 300, ...tokens.claims, ...claims }),
  )
  const key = await presetKey(tokens.algorithm)
  const full = withoutNulls({ alg: algorithm, kid: key.jwk.kid, ...tokens.header, ...header })
  if (algorithm === 'HS256') return signedWithSecret(payload, full)
  if (tokens.padded === true) return await paddedJws(full, payload, key.privateKey)
  return await new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ ...full, alg: algorithm })
    .sign(key.privateKey)
}

function signedWithSecret(payload: string, header: Members): string {
  const input = [JSON.stringify(header), payload]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')
  return `${input}.${createHmac('sha256', 'a secret').update(input).digest('base64url')}`
}

function withoutNulls(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null))
}
