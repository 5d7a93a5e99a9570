/**
 * No token in any log line of the whole suite (RFC 6750 section 5.3). The tests before this one sent thousands of
 * tokens through gates; their log lines are in one file, and everything that could be a part of a token is looked for.
 */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const lines = readFileSync('build/test-log.jsonl', 'utf8').split('\n').filter(Boolean)

it('has many lines to look at, of every kind', () => {
  expect(lines.length).toBeGreaterThan(500)
  for (const word of ['"denied"', '"could not decide"', '"ready"', 'bad_signature', 'request_id']) {
    expect(
      lines.some((line) => line.includes(word)),
      word,
    ).toBe(true)
  }
})

it('has no part of a token in any line', () => {
  // A JOSE header or a claims set in base64url starts like this; so does every JWT that the tests sent.
  const jwtParts = lines.filter((line) => /eyJ[A-Za-z0-9_-]{8,}/.test(line))
  expect(jwtParts.slice(0, 3)).toEqual([])
  // A signature is a long run of base64url; nothing that is logged on purpose has one.
  const long = lines.filter((line) => /[A-Za-z0-9_-]{60,}/.test(line))
  expect(long.slice(0, 3)).toEqual([])
  expect(lines.filter((line) => /bearer /i.test(line)).slice(0, 3)).toEqual([])
})
