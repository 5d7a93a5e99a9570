/** Attacks on the registered claims: times, audience, confirmation, and what RFC 9068 requires (standards 1E). */
import { afterAll, beforeAll, describe, it } from 'vitest'
import { startAttackWorld, type AttackWorld } from '../../support/attack-world.js'
import { testAudience } from '../../support/authorization-server.js'
import { signJws } from '../../support/forged-jws.js'
import { expectAllowed, expectRefusal, type GoldenReason } from '../../support/golden-refusals.js'

let world: AttackWorld
beforeAll(async () => {
  world = await startAttackWorld()
})
afterAll(async () => {
  await world.close()
})

const nowSeconds = (): number => Math.floor(Date.now() / 1_000)

async function presentClaims(changes: Record<string, unknown>) {
  return await world.present(await world.main.token(changes))
}

/** Presents genuine claims in which a number is written as text that JSON.stringify would not write. */
async function presentNumber(claim: string, number: string) {
  const claims = JSON.stringify(world.main.claims({ [claim]: '#' })).replace('"#"', number)
  const header = { alg: 'ES256', typ: 'at+jwt', kid: 'ec-1' }
  return await world.present(signJws(header, claims, world.keys.ES256))
}

describe('the control of these attacks', () => {
  it('accepts the claims that are changed here', async () => {
    expectAllowed(await presentClaims({}))
  })

  it('accepts every claim in another legal form', async () => {
    const now = nowSeconds()
    const changes = { exp: now + 60.5, nbf: now - 0.25, iat: now - 1, aud: [testAudience] }
    expectAllowed(await presentClaims(changes))
    expectAllowed(await presentNumber('exp', `${String(now + 60)}e0`))
  })
})

describe('a time claim', () => {
  const times: [string, Record<string, unknown>, GoldenReason][] = [
    ['no exp', { exp: undefined }, 'missing_claim'],
    ['an exp of null', { exp: null }, 'invalid_claim'],
    ['an exp in a string', { exp: '4102444800' }, 'invalid_claim'],
    ['an exp in a list', { exp: [4_102_444_800] }, 'invalid_claim'],
    ['an exp of true', { exp: true }, 'invalid_claim'],
    ['an exp in milliseconds', { exp: 4_102_444_800_000 }, 'invalid_claim'],
    ['a negative exp', { exp: -1 }, 'invalid_claim'],
    ['an exp of zero', { exp: 0 }, 'expired'],
    ['an exp of an hour ago', { exp: nowSeconds() - 3_600 }, 'expired'],
    ['an nbf in the future', { nbf: nowSeconds() + 3_600 }, 'not_yet_valid'],
    ['an nbf in a string', { nbf: '0' }, 'invalid_claim'],
    ['an nbf of null', { nbf: null }, 'invalid_claim'],
    ['an iat far in the future', { iat: nowSeconds() + 3_600 }, 'not_yet_valid'],
    ['an iat in a string', { iat: '0' }, 'invalid_claim'],
    ['an iat of null', { iat: null }, 'invalid_claim'],
  ]

  it.each(times)('%s is refused', async (_, changes, reason) => {
    expectRefusal(await presentClaims(changes), reason)
  })

  it.each(['exp', 'nbf', 'iat'])('%s of 1e400 is refused', async (claim) => {
    expectRefusal(await presentNumber(claim, '1e400'), 'invalid_claim')
  })

  it.each(['exp', 'nbf', 'iat'])('%s of -1e400 is refused', async (claim) => {
    expectRefusal(await presentNumber(claim, '-1e400'), 'invalid_claim')
  })

  it.each(['9'.repeat(400), '1e13', '4102444800e100'])('exp of %s is refused', async (number) => {
    expectRefusal(await presentNumber('exp', number), 'invalid_claim')
  })
})

describe('an audience', () => {
  const audiences: [string, unknown, GoldenReason][] = [
    ['that is missing', undefined, 'missing_claim'],
    ['of null', null, 'invalid_claim'],
    ['that is empty', '', 'invalid_claim'],
    ['that is an empty list', [], 'invalid_claim'],
    ['that is a number', 42, 'invalid_claim'],
    ['that is an object', { aud: testAudience }, 'invalid_claim'],
    ['of true', true, 'invalid_claim'],
    ['in a list in a list', [[testAudience]], 'invalid_claim'],
    ['beside a number in a list', [testAudience, 1], 'invalid_claim'],
    ['beside null in a list', [null, testAudience], 'invalid_claim'],
    ['in a list of 1,001', [testAudience, ...Array<string>(1_000).fill('x')], 'invalid_claim'],
    ['that is ours without its last character', testAudience.slice(0, -1), 'wrong_audience'],
    ['that begins as ours', `${testAudience}.evil.example`, 'wrong_audience'],
    ['that ends as ours', `https://evil.example/${testAudience}`, 'wrong_audience'],
    ['that is ours with a slash', `${testAudience}/`, 'wrong_audience'],
    ['that is ours with a path', `${testAudience}/read`, 'wrong_audience'],
    ['that is our host alone', 'api.example.com', 'wrong_audience'],
    ['that is ours in upper case', testAudience.toUpperCase(), 'wrong_audience'],
    ['that is ours with a port', `${testAudience}:443`, 'wrong_audience'],
    ['that is ours and a space', `${testAudience} `, 'wrong_audience'],
    ['that has ours among words', `https://a.example ${testAudience}`, 'wrong_audience'],
    ['that is ours and a NUL', `${testAudience}\0`, 'wrong_audience'],
    ['that is a pattern', '*', 'wrong_audience'],
    ['that is the issuer itself', 'issuer', 'wrong_audience'],
    ['that is the client', 'app', 'wrong_audience'],
  ]

  it.each(audiences)('%s is refused', async (_, aud, reason) => {
    const value = aud === 'issuer' ? world.main.issuer : aud
    expectRefusal(await presentClaims({ aud: value }), reason)
  })

  it.each([
    ['second in a list', ['https://other.example', testAudience]],
    ['alone in a list', [testAudience]],
    ['last in a list of 1,000', [...Array<string>(999).fill('x'), testAudience]],
  ])('%s is accepted', async (_, aud) => {
    expectAllowed(await presentClaims({ aud }))
  })
})

describe('a claim that RFC 9068 requires', () => {
  const required = ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti']

  it.each(required)('%s may not be missing', async (claim) => {
    expectRefusal(await presentClaims({ [claim]: undefined }), 'missing_claim')
  })

  const texts = ['sub', 'client_id', 'jti'].flatMap((claim) =>
    [1, '', null, ['a'], { a: 1 }, 'x'.repeat(1_025)].map((value) => ({ claim, value })),
  )

  it.each(texts)('$claim may not be $value', async ({ claim, value }) => {
    expectRefusal(await presentClaims({ [claim]: value }), 'invalid_claim')
  })

  it.each(['client_id', 'iat', 'jti', 'sub'])(
    '%s may be missing where the issuer is trusted leniently',
    async (claim) => {
      const token = await world.legacy.token({ [claim]: undefined }, { typ: 'JWT' })
      expectAllowed(await world.present(token))
    },
  )

  it.each(['exp', 'aud'])('%s may not be missing even leniently', async (claim) => {
    const token = await world.legacy.token({ [claim]: undefined }, { typ: 'JWT' })
    expectRefusal(await world.present(token), 'missing_claim')
  })

  it('sub is a string even leniently', async () => {
    const token = await world.legacy.token({ sub: 1 }, { typ: 'JWT' })
    expectRefusal(await world.present(token), 'invalid_claim')
  })
})

describe('a confirmation claim that cannot be verified', () => {
  const thumbprint = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'
  const confirmations: [string, unknown][] = [
    ['a DPoP key', { jkt: thumbprint }],
    ['a certificate', { 'x5t#S256': thumbprint }],
    ['a key', { jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } }],
    ['the name of a key', { kid: 'ec-1' }],
    ['a place of keys', { jku: 'https://a.example/jwks' }],
    ['something unknown', { foo: 'bar' }],
    ['nothing in it', {}],
    ['null', null],
    ['a string', thumbprint],
    ['false', false],
    ['an empty list', []],
  ]

  it.each(confirmations)('of %s is refused', async (_, cnf) => {
    expectRefusal(await presentClaims({ cnf }), 'unverifiable_confirmation')
  })

  it.each(confirmations)('of %s is refused leniently too', async (_, cnf) => {
    const token = await world.legacy.token({ cnf }, { typ: 'JWT' })
    expectRefusal(await world.present(token), 'unverifiable_confirmation')
  })
})
