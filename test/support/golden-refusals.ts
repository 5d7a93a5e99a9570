/**
 * The answer that goes with each reason on the route `/read` of `testConfig`, written out: what a client must see is
 * stated here once more, in full, and not taken from the code under test.
 */
import { expect } from 'vitest'
import type { CheckAnswer } from './check-client.js'

interface GoldenRefusal {
  readonly code: number
  readonly status: number
  readonly challenge: string | undefined
}

const notValidHere = 'The access token is not valid here'

const golden = {
  missing_token: {
    code: 16,
    status: 401,
    challenge: 'Bearer realm="users", scope="read:users"',
  },
  malformed_credentials: {
    code: 3,
    status: 400,
    challenge:
      'Bearer realm="users", error="invalid_request", error_description="Multiple methods used to include access token"',
  },
  malformed_token: invalidToken('The access token is malformed'),
  algorithm_not_allowed: invalidToken(notValidHere),
  unknown_issuer: invalidToken(notValidHere),
  unknown_key: invalidToken(notValidHere),
  bad_signature: invalidToken(notValidHere),
  wrong_audience: invalidToken(notValidHere),
  wrong_type: invalidToken(notValidHere),
  missing_claim: invalidToken(notValidHere),
  invalid_claim: invalidToken(notValidHere),
  expired: invalidToken('The access token expired'),
  not_yet_valid: invalidToken('The access token is not valid yet'),
  unverifiable_confirmation: invalidToken('The access token is bound to a key'),
  insufficient_scope: {
    code: 7,
    status: 403,
    challenge:
      'Bearer realm="users", error="insufficient_scope", error_description="The access token lacks a required scope", scope="read:users"',
  },
  keys_unavailable: { code: 14, status: 503, challenge: undefined },
} satisfies Record<string, GoldenRefusal>

/** A reason whose whole answer is known here. */
export type GoldenReason = keyof typeof golden

/** Holds an answer against the whole golden answer of a reason. */
export function expectRefusal(answer: CheckAnswer, reason: GoldenReason): void {
  const { code, status, challenge } = golden[reason]
  expect({
    reason: answer.metadata['reason'],
    kind: answer.kind,
    code: answer.code,
    status: answer.status,
    challenges: answer.headers['www-authenticate'],
  }).toEqual({
    reason,
    kind: 'denied',
    code,
    status,
    challenges: challenge === undefined ? undefined : [challenge],
  })
}

/** Holds an answer against an allow. */
export function expectAllowed(answer: CheckAnswer): void {
  expect({ kind: answer.kind, code: answer.code, reason: answer.metadata['reason'] }).toEqual({
    kind: 'ok',
    code: 0,
    reason: 'none',
  })
}

function invalidToken(description: string): GoldenRefusal {
  return {
    code: 16,
    status: 401,
    challenge: `Bearer realm="users", error="invalid_token", error_description="${description}"`,
  }
}
