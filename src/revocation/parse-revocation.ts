/**
 * From an untrusted value to a revocation, or to the field that is wrong and why.
 *
 * The rules are:
 *   - exactly one of jti, sub, clientId, sid, kid; a field that is not known is refused, because it was meant to say
 *     something;
 *   - what people post ends after `ttlSeconds`; what stands in a file ends at `until`, or when it is removed; what the
 *     store keeps has an `until` and names its issuer by `iss`;
 *   - what people write ends later by the issuer's clock tolerance, because a token of which `exp` is the end is accepted
 *     that much longer; what the store keeps has it already;
 *   - texts and times have bounds, so that an entry has one.
 */
import type { IssuerNames } from './issuer-names.js'
import { revocationKinds, type Revocation, type RevocationKind } from './revocation.js'
import { formatTime, parseTime } from './rfc3339.js'

/** Where a value comes from, which decides how its end is written. */
export type RevocationForm = 'request' | 'file' | 'store'

/** What is wrong with a value. `field` is missing when it is the whole. */
export interface RevocationProblem {
  readonly kind: 'problem'
  readonly field: string | undefined
  readonly message: string
  /** The issuer is the only thing that is wrong: it is not configured here. */
  readonly isUnknownIssuer?: boolean
}

/** A revocation, or what is wrong. */
export type RevocationParse =
  { readonly kind: 'revocation'; readonly revocation: Revocation } | RevocationProblem

/** 366 days: the longest life of an access token that anybody was seen to issue is a year. */
export const maxTtlSeconds = 31_622_400
/** As long as a `sub` may be. */
const maxValueLength = 1_024
/** In the year 5138; later is a time in milliseconds. */
const maxSeconds = 100_000_000_000
/** The end of what a time can be written as. */
const maxUntilMs = 253_402_300_799_000

const endField = { request: 'ttlSeconds', file: 'until', store: 'until' } as const

/** Parses a value. `nowMs` is where `ttlSeconds` starts. Does not look whether the end has passed. */
export function parseRevocation(
  value: unknown,
  form: RevocationForm,
  issuers: IssuerNames,
  nowMs: number,
): RevocationParse {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return problem(undefined, 'is not an object such as { "issuer": ..., "jti": ... }')
  }
  const fields = value as Readonly<Record<string, unknown>>
  const known: readonly string[] = ['issuer', ...revocationKinds, 'issuedBefore', endField[form]]
  const unknown = Object.keys(fields).find((name) => !known.includes(name))
  if (unknown !== undefined) return unknownField(unknown, form, known)

  const issuerId = issuerOf(fields['issuer'], form, issuers)
  if (typeof issuerId !== 'string') return issuerId
  const given = revocationKinds.filter((name) => fields[name] !== undefined)
  const [kind] = given
  if (kind === undefined || given.length > 1) {
    const found = given.length === 0 ? 'none is' : `${given.join(' and ')} are`
    const message = `needs exactly one of ${revocationKinds.join(', ')}, and ${found} given`
    return problem(given[1], message)
  }
  const named = fields[kind]
  if (typeof named !== 'string' || named === '' || named.length > maxValueLength) {
    return problem(kind, `must be a text of 1 to ${String(maxValueLength)} characters`)
  }
  const issuedBefore = fields['issuedBefore']
  const wrong = issuedBeforeFault(issuedBefore, kind)
  if (wrong !== undefined) return problem('issuedBefore', wrong)
  const untilMs = endOf(fields[endField[form]], form, nowMs)
  if (typeof untilMs !== 'number') return untilMs
  return {
    kind: 'revocation',
    revocation: {
      issuerId,
      kind,
      value: named,
      issuedBeforeSeconds: issuedBefore as number | undefined,
      untilMs: form === 'store' ? untilMs : untilMs + issuers.toleranceMsOf(issuerId),
    },
  }
}

/** The value that {@link parseRevocation} takes back in the form `store`. The revocation must have an end. */
export function toStoredValue(
  { issuerId, kind, value, issuedBeforeSeconds, untilMs }: Revocation,
  issuers: IssuerNames,
): Readonly<Record<string, unknown>> {
  return {
    issuer: issuers.issOf(issuerId),
    [kind]: value,
    ...(issuedBeforeSeconds === undefined ? {} : { issuedBefore: issuedBeforeSeconds }),
    until: formatTime(untilMs),
  }
}

function problem(field: string | undefined, message: string): RevocationProblem {
  return { kind: 'problem', field, message }
}

function unknownField(
  name: string,
  form: RevocationForm,
  known: readonly string[],
): RevocationProblem {
  const field = name.slice(0, 64)
  if (name === 'ttlSeconds') return problem(field, 'has no start in a file: write until')
  if (name === 'until' && form === 'request') {
    return problem(field, 'is for files: write ttlSeconds')
  }
  return problem(field, `is not a field of a revocation; known are ${known.join(', ')}`)
}

function issuerOf(
  name: unknown,
  form: RevocationForm,
  issuers: IssuerNames,
): string | RevocationProblem {
  if (typeof name !== 'string') {
    return problem('issuer', 'must be the id of an issuer, or its iss')
  }
  const id = form === 'store' ? issuers.idOfIss(name) : issuers.idOf(name)
  if (id !== undefined) return id
  const message = `is neither the id nor the iss of a configured issuer; ids are ${issuers.ids.join(', ')}`
  return { ...problem('issuer', message), isUnknownIssuer: true }
}

function issuedBeforeFault(value: unknown, kind: RevocationKind): string | undefined {
  if (value === undefined) return undefined
  if (kind !== 'sub' && kind !== 'clientId') return `has no meaning for a ${kind}`
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    return 'must be a whole number of seconds since 1970'
  }
  return value > maxSeconds ? 'is in seconds, and this looks like milliseconds' : undefined
}

function endOf(value: unknown, form: RevocationForm, nowMs: number): number | RevocationProblem {
  if (form === 'request') {
    const isTtl = typeof value === 'number' && Number.isInteger(value) && value >= 1
    return isTtl && value <= maxTtlSeconds
      ? nowMs + value * 1_000
      : problem('ttlSeconds', `must be a whole number from 1 to ${String(maxTtlSeconds)}`)
  }
  if (value === undefined && form === 'file') return Number.POSITIVE_INFINITY
  const untilMs = typeof value === 'string' ? parseTime(value) : undefined
  return untilMs === undefined || untilMs > maxUntilMs
    ? problem('until', 'must be a time such as 2027-01-31T18:00:00Z')
    : untilMs
}
