/** Attacks on the choice of the key: by the header, by the `kid`, by another issuer (RFC 8725 sections 3.8 and 3.10). */
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAttackWorld, type AttackWorld } from '../../support/attack-world.js'
import {
  startTestAuthorizationServer,
  type TestAuthorizationServer,
  type TestKey,
} from '../../support/authorization-server.js'
import { createNamedKey } from '../../support/named-key.js'
import { hmacJws, signJws } from '../../support/forged-jws.js'
import { expectAllowed, expectRefusal, type GoldenReason } from '../../support/golden-refusals.js'
import { selfSignedCertificate } from '../../support/self-signed-certificate.js'

let world: AttackWorld
let attacker: TestAuthorizationServer
let attackerKey: TestKey
beforeAll(async () => {
  world = await startAttackWorld()
  attacker = await startTestAuthorizationServer()
  attackerKey = attacker.keys[0]!
})
afterAll(async () => {
  await world.close()
  await attacker.close()
})

const genuine = { alg: 'ES256', typ: 'at+jwt', kid: 'ec-1' }

function presentSigned(header: Record<string, unknown>, key = attackerKey) {
  return world.present(signJws({ ...genuine, ...header }, world.main.claims(), key))
}

describe('a key that the token brings along', () => {
  it('changes nothing in a token that is genuine', async () => {
    const header = { jwk: attackerKey.jwk, jku: `${attacker.issuer}/jwks`, x5c: ['AA'] }
    expectAllowed(await presentSigned(header, world.keys.ES256))
  })

  const kids: { name: string; kid: () => unknown; reason: GoldenReason }[] = [
    { name: 'the kid of the issuer', kid: () => 'ec-1', reason: 'bad_signature' },
    { name: 'its own kid', kid: () => attackerKey.jwk.kid, reason: 'unknown_key' },
    { name: 'no kid', kid: () => undefined, reason: 'bad_signature' },
  ]

  it.each(kids)('is not used as embedded jwk with $name', async ({ kid, reason }) => {
    expectRefusal(await presentSigned({ jwk: attackerKey.jwk, kid: kid() }), reason)
  })

  it.each(kids)('is not used as self-signed x5c with $name', async ({ kid, reason }) => {
    const der = selfSignedCertificate(attackerKey)
    const certificate = new X509Certificate(der)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expectRefusal(await presentSigned({ x5c: [der.toString('base64')], kid: kid() }), reason)
  })

  it.each(kids.flatMap((attack) => ['jku', 'x5u'].map((member) => ({ ...attack, member }))))(
    'is not fetched from $member with $name',
    async ({ member, kid, reason }) => {
      const answer = await presentSigned({ [member]: `${attacker.issuer}/jwks`, kid: kid() })
      expectRefusal(answer, reason)
      expect(attacker.requests.size).toBe(0)
    },
  )

  it('is not fetched from a URL in kid', async () => {
    expectRefusal(await presentSigned({ kid: `${attacker.issuer}/jwks` }), 'unknown_key')
    expect(attacker.requests.size).toBe(0)
  })

  it('is not fetched from the issuer that the token names', async () => {
    const token = await attacker.token()
    expectRefusal(await world.present(token), 'unknown_issuer')
    expect(attacker.requests.size).toBe(0)
  })
})

describe('a kid that is more than a name', () => {
  const kids: [string, unknown, GoldenReason][] = [
    ['a path to an empty file', '../../../../dev/null', 'unknown_key'],
    ['a path to a known file', '/proc/sys/kernel/randomize_va_space', 'unknown_key'],
    ['SQL that is always true', "x' OR '1'='1", 'unknown_key'],
    ['SQL that chooses the key', "x' UNION SELECT 'secret' --", 'unknown_key'],
    ['a shell command', 'ec-1|whoami', 'unknown_key'],
    ['the right name and a NUL', 'ec-1\0', 'unknown_key'],
    ['NUL alone', '\0', 'unknown_key'],
    ['the right name and a newline', 'ec-1\n', 'unknown_key'],
    ['the right name in upper case', 'EC-1', 'unknown_key'],
    ['the right name with a space', ' ec-1', 'unknown_key'],
    ['nothing', '', 'unknown_key'],
    ['a name of every object', '__proto__', 'unknown_key'],
    ['10 KiB', 'k'.repeat(10_240), 'unknown_key'],
    ['1 MiB', 'k'.repeat(1_048_576), 'malformed_credentials'],
    ['a number', 1, 'malformed_token'],
    ['null', null, 'malformed_token'],
    ['a list', ['ec-1'], 'malformed_token'],
  ]

  it.each(kids)('%s is refused', async (_, kid, reason) => {
    expectRefusal(await presentSigned({ kid }, world.keys.ES256), reason)
  })

  it.each(['', '\0', 'secret', '2'])('does not lead to the secret %j of a file', async (secret) => {
    const header = { alg: 'HS256', typ: 'at+jwt', kid: '../../../../dev/null' }
    const token = hmacJws(header, world.main.claims(), secret)
    expectRefusal(await world.present(token), 'algorithm_not_allowed')
  })

  it('of any length costs no fetch once it is longer than a name', async () => {
    const before = world.main.requests.get('/jwks')
    expectRefusal(await presentSigned({ kid: 'k'.repeat(257) }), 'unknown_key')
    expect(world.main.requests.get('/jwks')).toBe(before)
  })
})

describe('a key of another trusted issuer', () => {
  it('is accepted for the tokens of its own issuer, whose kid is the same', async () => {
    expect(world.other.keys[0]!.jwk.kid).toBe('ec-1')
    expectAllowed(await world.present(await world.other.token()))
    expectAllowed(await world.present(await world.main.token()))
  })

  it('does not verify a token in the name of the first', async () => {
    const token = signJws(genuine, world.main.claims(), world.other.keys[0]!)
    expectRefusal(await world.present(token), 'bad_signature')
  })

  it('is not verified by the key of the first either', async () => {
    const token = signJws(genuine, world.other.claims(), world.keys.ES256)
    expectRefusal(await world.present(token), 'bad_signature')
  })

  it('does not help to a token of nobody', async () => {
    const key = await createNamedKey('ec-1')
    expectRefusal(await presentSigned({}, key), 'bad_signature')
  })
})

describe('an issuer that is almost the configured one', () => {
  const changes: [string, (issuer: string) => unknown, GoldenReason][] = [
    ['a slash at the end', (issuer) => `${issuer}/`, 'unknown_issuer'],
    ['another case', (issuer) => issuer.replace('http', 'HTTP'), 'unknown_issuer'],
    ['another scheme', (issuer) => issuer.replace('http', 'https'), 'unknown_issuer'],
    [
      'another name of the host',
      (issuer) => issuer.replace('127.0.0.1', 'localhost'),
      'unknown_issuer',
    ],
    ['an encoded character', (issuer) => issuer.replace('.', '%2E'), 'unknown_issuer'],
    ['a fragment', (issuer) => `${issuer}#`, 'unknown_issuer'],
    ['a space', (issuer) => `${issuer} `, 'unknown_issuer'],
    ['a NUL', (issuer) => `${issuer}\0`, 'unknown_issuer'],
    ['a list', (issuer) => [issuer], 'unknown_issuer'],
    ['nothing in it', () => '', 'unknown_issuer'],
    ['a number', () => 1, 'unknown_issuer'],
    ['null', () => null, 'unknown_issuer'],
    ['no iss at all', () => undefined, 'missing_claim'],
  ]

  it.each(changes)('is refused with %s', async (_, change, reason) => {
    const token = await world.main.token({ iss: change(world.main.issuer) })
    expectRefusal(await world.present(token), reason)
  })
})
