/** What a revocation may say, in a request, a file and the store; every mistake names its field. */
import { describe, expect, it } from 'vitest'
import {
  maxTtlSeconds,
  parseRevocation,
  toStoredValue,
  type RevocationForm,
} from '../../../src/revocation/parse-revocation.js'
import { formatTime, parseTime } from '../../../src/revocation/rfc3339.js'
import { IssuerNames } from '../../../src/revocation/index.js'
import { revocation, testIssuers } from '../../support/revocations.js'

const request = { issuer: 'main', sub: 'alice', ttlSeconds: 60 }

function parse(value: unknown, form: RevocationForm = 'request') {
  return parseRevocation(value, form, testIssuers, 1_000)
}

function problemOf(value: unknown, form: RevocationForm = 'request'): string {
  const parsed = parse(value, form)
  return parsed.kind === 'problem' ? `${parsed.field ?? '-'}: ${parsed.message}` : 'good'
}

describe('parseRevocation', () => {
  it('takes a request, whose end is counted from now', () => {
    expect(parse({ ...request, issuedBefore: 900 })).toEqual({
      kind: 'revocation',
      revocation: revocation({ issuedBeforeSeconds: 900, untilMs: 61_000 }),
    })
  })

  it('keeps what people write for as long as the token is accepted after its exp', () => {
    const issuer = { id: 'main', issuer: 'https://main.example', clockToleranceMs: 30_000 }
    const issuers = new IssuerNames([issuer])
    const endOf = (value: object, form: RevocationForm): unknown => {
      const parsed = parseRevocation({ jti: 'a', ...value }, form, issuers, 1_000)
      return parsed.kind === 'revocation' ? parsed.revocation.untilMs : parsed.message
    }
    const stored = { issuer: 'https://main.example', until: '1970-01-01T00:01:00Z' }
    expect(endOf({ issuer: 'main', ttlSeconds: 60 }, 'request')).toBe(91_000)
    expect(endOf(stored, 'file')).toBe(90_000)
    expect(endOf({ issuer: 'main' }, 'file')).toBe(Infinity)
    expect(endOf(stored, 'store')).toBe(60_000)
  })

  it.each(['jti', 'sub', 'clientId', 'sid', 'kid'] as const)('takes one by %s', (kind) => {
    expect(parse({ issuer: 'main', [kind]: 'x', ttlSeconds: 1 })).toMatchObject({
      revocation: { kind, value: 'x' },
    })
  })

  it.each([
    ['the id', 'main', 'main'],
    ['the iss', 'https://main.example', 'main'],
    ['the id of one that is the iss of another', 'main', 'main'],
    ['the other id', 'partner', 'partner'],
  ])('knows an issuer by %s', (_name, issuer, issuerId) => {
    expect(parse({ ...request, issuer })).toMatchObject({ revocation: { issuerId } })
  })

  it('knows an issuer of the store by its iss alone', () => {
    const stored = { issuer: 'main', sub: 'alice', until: '1970-01-01T00:00:10Z' }
    expect(parse(stored, 'store')).toMatchObject({ revocation: { issuerId: 'partner' } })
    expect(problemOf({ ...stored, issuer: 'partner' }, 'store')).toMatch(/^issuer: is neither/)
  })

  it('takes back what goes to the store', () => {
    const entry = revocation({ issuerId: 'partner', issuedBeforeSeconds: 5, untilMs: 12_345 })
    const stored: unknown = JSON.parse(JSON.stringify(toStoredValue(entry, testIssuers)))
    expect(parse(stored, 'store')).toEqual({ kind: 'revocation', revocation: entry })
  })

  it('takes an entry of a file with an end and without', () => {
    const entry = { issuer: 'main', kid: 'k' }
    expect(parse(entry, 'file')).toMatchObject({ revocation: { untilMs: Infinity } })
    const until = '1970-01-01T01:00:00+01:00'
    expect(parse({ ...entry, until }, 'file')).toMatchObject({ revocation: { untilMs: 0 } })
  })

  const oneOf = 'needs exactly one of jti, sub, clientId, sid, kid, and'
  const text = 'must be a text of 1 to 1024 characters'
  it.each([
    ['no object', null, '-: is not an object such as { "issuer": ..., "jti": ... }'],
    ['a list', [request], '-: is not an object such as { "issuer": ..., "jti": ... }'],
    ['no issuer', { sub: 'a', ttlSeconds: 1 }, 'issuer: must be the id of an issuer, or its iss'],
    [
      'an unknown issuer',
      { ...request, issuer: 'Main' },
      'issuer: is neither the id nor the iss of a configured issuer; ids are main, partner',
    ],
    ['nothing to revoke by', { issuer: 'main', ttlSeconds: 1 }, `-: ${oneOf} none is given`],
    ['two things', { ...request, jti: 'j' }, `sub: ${oneOf} jti and sub are given`],
    ['an empty text', { ...request, sub: '' }, `sub: ${text}`],
    ['a long text', { ...request, sub: 'x'.repeat(1_025) }, `sub: ${text}`],
    ['a number', { ...request, sub: 5 }, `sub: ${text}`],
    [
      'a misspelled field',
      { ...request, isuedBefore: 5 },
      'isuedBefore: is not a field of a revocation; known are issuer, jti, sub, clientId, sid, kid, issuedBefore, ttlSeconds',
    ],
    [
      'a moment for a jti',
      { issuer: 'main', jti: 'j', issuedBefore: 5, ttlSeconds: 1 },
      'issuedBefore: has no meaning for a jti',
    ],
    [
      'a moment that is no number',
      { ...request, issuedBefore: '5' },
      'issuedBefore: must be a whole number of seconds since 1970',
    ],
    [
      'a moment before 1970',
      { ...request, issuedBefore: -1 },
      'issuedBefore: must be a whole number of seconds since 1970',
    ],
    [
      'a moment in milliseconds',
      { ...request, issuedBefore: 1_795_507_101_000 },
      'issuedBefore: is in seconds, and this looks like milliseconds',
    ],
    [
      'until',
      { ...request, until: '2027-01-01T00:00:00Z' },
      'until: is for files: write ttlSeconds',
    ],
  ] as const)('refuses %s', (_name, value, problem) => {
    expect(problemOf(value)).toBe(problem)
  })

  it.each([undefined, 0, -1, 1.5, '60', Infinity, maxTtlSeconds + 1])(
    'refuses ttlSeconds %s',
    (ttlSeconds) => {
      expect(problemOf({ ...request, ttlSeconds })).toBe(
        `ttlSeconds: must be a whole number from 1 to ${String(maxTtlSeconds)}`,
      )
    },
  )

  it('refuses an end that a file and the store cannot have', () => {
    const entry = { issuer: 'main', sub: 'alice' }
    expect(problemOf({ ...entry, ttlSeconds: 5 }, 'file')).toBe(
      'ttlSeconds: has no start in a file: write until',
    )
    const message = 'until: must be a time such as 2027-01-31T18:00:00Z'
    expect(problemOf({ ...entry, until: '2027-01-31' }, 'file')).toBe(message)
    expect(problemOf({ ...entry, until: 5 }, 'file')).toBe(message)
    expect(problemOf({ ...entry, issuer: 'https://main.example' }, 'store')).toBe(message)
  })
})

describe('times', () => {
  it.each([
    ['2027-01-31T18:00:00Z', '2027-01-31T18:00:00.000Z'],
    ['2027-01-31t18:00:00.25z', '2027-01-31T18:00:00.250Z'],
    ['2027-01-31 18:00:00-01:30', '2027-01-31T19:30:00.000Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
  ])('are read: %s', (text, utc) => {
    expect(formatTime(parseTime(text) ?? NaN)).toBe(utc)
  })

  it.each([
    '2027-02-29T00:00:00Z',
    '2027-02-30T00:00:00+05:00',
    '2027-13-01T00:00:00Z',
    '2027-01-31T25:00:00Z',
    '2027-01-31T18:00:00',
    '2027-01-31',
    'tomorrow',
    '2027-01-31T18:00:00Z ',
  ])('are refused: %s', (text) => {
    expect(parseTime(text)).toBeUndefined()
  })
})
