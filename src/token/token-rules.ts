/**
 * What an issuer's access tokens must and must not say beside the registered claims: how one kind of token is told from
 * another where an issuer signs several kinds with one key (RFC 8725 section 3.12).
 *
 * The rules are:
 *   - a claim that must have a value has it exactly, as a single value; a list of values is not one of them;
 *   - a claim that must not have a value has it neither alone nor in a list;
 *   - all of it is decided once for a token, before the token is remembered; a doubt is a rejection;
 *   - a header member and a foreign issuer are refused before the signature, because such a token has none that others
 *     could verify; nothing is ever accepted for them;
 *   - a header member that must have a value has it before any key is asked for, so that who does not know the value makes
 *     the gate ask for nothing. The signature then speaks for the header as for the claims.
 */
import { isBoundedString } from './registered-claims.js'
import type { RejectionReason } from './rejection.js'

/** Finds a claim, or undefined where there is none. */
export type ReadClaim = (claims: unknown) => unknown

/** What a claim is held against. */
export type ClaimTest =
  | { readonly kind: 'oneOf'; readonly values: ReadonlySet<unknown> }
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'present' }

/** A claim and its test. */
export interface ClaimRule {
  readonly read: ReadClaim
  readonly test: ClaimTest
}

/** Clients whose tokens are accepted, and the places of a token that may name the client; the first text counts. */
export interface AllowedClients {
  readonly ids: ReadonlySet<string>
  readonly places: readonly ReadClaim[]
}

/** Everything that an issuer's tokens are held against beside signature, type and registered claims. */
export interface TokenRules {
  /** Every one must pass. */
  readonly require: readonly ClaimRule[]
  /** None may pass. */
  readonly refuse: readonly ClaimRule[]
  /** Members of the header that show that a token is for its issuer alone. */
  readonly refusedHeaders: readonly string[]
  /** Members of the header that must be one of these texts. */
  readonly requiredHeaders?: ReadonlyMap<string, ReadonlySet<unknown>>
  /** Values of `iss` by which the same provider marks tokens that are for itself alone. */
  readonly refusedIssuers: readonly string[]
  /** A token without `aud` is for every resource; one with `aud` is still for those that it names. */
  readonly isAudienceOptional: boolean
  readonly allowsIdTokens: boolean
  /** Undefined for every client. */
  readonly clients: AllowedClients | undefined
  /** Where the subject is; undefined for `sub`. */
  readonly subject: ReadClaim | undefined
}

/** Nothing beside what every token is held against. */
export const noTokenRules: TokenRules = {
  require: [],
  refuse: [],
  refusedHeaders: [],
  refusedIssuers: [],
  isAudienceOptional: false,
  allowsIdTokens: false,
  clients: undefined,
  subject: undefined,
}

/** The rules of an issuer. */
export function rulesOf({ rules }: { readonly rules?: TokenRules }): TokenRules {
  return rules ?? noTokenRules
}

/** Whether the header says that the token is for its issuer alone. Reads names only. */
export function hasRefusedHeader(
  rules: TokenRules,
  header: Readonly<Record<string, unknown>>,
): boolean {
  return rules.refusedHeaders.some((name) => Object.hasOwn(header, name))
}

/** Whether the header has everything that it must have, each as a single text. */
export function hasRequiredHeaders(
  { requiredHeaders }: TokenRules,
  header: Readonly<Record<string, unknown>>,
): boolean {
  if (requiredHeaders === undefined) return true
  return [...requiredHeaders].every(
    ([name, values]) => Object.hasOwn(header, name) && values.has(header[name]),
  )
}

/** The first rule that the claims break, or undefined. Does not look at registered claims. Never throws. */
export function brokenTokenRule(
  { require, refuse, clients }: TokenRules,
  claims: Readonly<Record<string, unknown>>,
): RejectionReason | undefined {
  if (!require.every(({ read, test }) => passes(read(claims), test))) return 'required_claim'
  if (refuse.some(({ read, test }) => matches(read(claims), test))) return 'refused_claim'
  return clients === undefined || isAllowed(clients, claims) ? undefined : 'client_not_allowed'
}

/** The subject where the rules say it is, or why it cannot be used. `sub` is the registered claim, found good. */
export function subjectBy(
  { subject: read }: TokenRules,
  claims: Readonly<Record<string, unknown>>,
  sub: string | undefined,
):
  | { readonly kind: 'subject'; readonly subject: string | undefined }
  | { readonly kind: 'rejected'; readonly reason: RejectionReason } {
  if (read === undefined) return { kind: 'subject', subject: sub }
  const subject = read(claims)
  // Fail closed: without the subject that the operator named, revoking it would miss this token.
  if (subject === undefined) return { kind: 'rejected', reason: 'missing_claim' }
  if (!isBoundedString(subject)) return { kind: 'rejected', reason: 'invalid_claim' }
  return { kind: 'subject', subject }
}

function isAllowed({ ids, places }: AllowedClients, claims: unknown): boolean {
  const client = places.map((read) => read(claims)).find((value) => typeof value === 'string')
  return client !== undefined && ids.has(client) // Fail closed: a token that names no client is nobody's.
}

function passes(value: unknown, test: ClaimTest): boolean {
  switch (test.kind) {
    case 'oneOf':
      return test.values.has(value)
    case 'prefix':
      return typeof value === 'string' && value.startsWith(test.prefix)
    case 'present':
      return value !== undefined && value !== null && value !== ''
  }
}

/** Fail closed: for a refusal a value in a list counts, and so does one that is there and empty. */
function matches(value: unknown, test: ClaimTest): boolean {
  if (test.kind === 'present') return value !== undefined
  return Array.isArray(value) ? value.some((item) => passes(item, test)) : passes(value, test)
}
