/** Types that an operator configures besides `at+jwt` (RFC 7515 section 4.1.9). What attackers try is in the attacks. */
import { describe, expect, it } from 'vitest'
import { isAccessTokenType, type TokenTypes } from '../../../src/token/token-type.js'

describe('isAccessTokenType', () => {
  const table: [accepted: TokenTypes, typ: string | undefined, holds: boolean][] = [
    [['at+jwt'], 'application/at+jwt', true],
    [['application/at+jwt'], 'at+jwt', true],
    [['AT+JWT'], 'at+jwt', true],
    [['at+jwt', 'JWT'], 'jwt', true],
    [['at+jwt', 'JWT'], undefined, false],
    [['example/token'], 'example/token', true],
    [['example/token'], 'Example/Token', true],
    // "application/" may be left out only where nothing else has a slash.
    [['example/token'], 'application/example/token', false],
    [['application/example/token'], 'example/token', false],
    [[], 'at+jwt', false],
    ['lenient', 'application/JWT', true],
    ['lenient', 'application/example/jwt', false],
  ]

  it.each(table)('of an issuer that accepts %j holds for %j: %s', (accepted, typ, holds) => {
    expect(isAccessTokenType(accepted, typ, {})).toBe(holds)
  })

  it('does not look at claims where types are listed', () => {
    expect(isAccessTokenType(['at+jwt'], 'at+jwt', { nonce: 'n', token_use: 'id' })).toBe(true)
    expect(isAccessTokenType('lenient', 'at+jwt', { nonce: 'n' })).toBe(false)
  })

  it.each([{ nonce: 'n' }, { token_use: 'id' }, { typ: 'Refresh' }, { events: {} }])(
    'looks at claims where the type that is listed is JWT, which says nothing: %j',
    (claims) => {
      expect(isAccessTokenType(['JWT'], 'JWT', {})).toBe(true)
      expect(isAccessTokenType(['JWT'], 'JWT', claims)).toBe(false)
    },
  )
})
