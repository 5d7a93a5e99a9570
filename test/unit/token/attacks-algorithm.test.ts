/** Attacks on the choice of the algorithm (RFC 8725 sections 2.1 and 3.1, standards 1R). */
import { jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAttackWorld, type AttackWorld } from '../../support/attack-world.js'
import {
  ecSecretForms,
  encodePart,
  hmacJws,
  partsOf,
  rsaSecretForms,
  signJws,
} from '../../support/forged-jws.js'
import { expectAllowed, expectRefusal, type GoldenReason } from '../../support/golden-refusals.js'
import { startTestGate, testConfig } from '../../support/test-gate.js'

let world: AttackWorld
beforeAll(async () => {
  world = await startAttackWorld()
})
afterAll(async () => {
  await world.close()
})

function header(alg: unknown, kid = 'ec-1'): Record<string, unknown> {
  return { alg, typ: 'at+jwt', kid }
}

describe('the control of these attacks', () => {
  it.each(['ES256', 'RS256', 'EdDSA'] as const)('accepts a genuine %s token', async (algorithm) => {
    const key = world.keys[algorithm]
    const token = signJws(header(algorithm, key.jwk.kid), world.main.claims(), key)
    expectAllowed(await world.present(token))
  })

  it('accepts Ed25519 as the other name of EdDSA', async () => {
    const token = signJws(header('Ed25519', 'ed-1'), world.main.claims(), world.keys.EdDSA)
    expectAllowed(await world.present(token))
  })

  it('forges HMAC tokens that a verifier fooled into HS256 would accept', async () => {
    const pem = String(rsaSecretForms[0]![1](world.keys.RS256))
    const token = hmacJws(header('HS256', 'rsa-1'), world.main.claims(), pem)
    const fooled = await jwtVerify(token, Buffer.from(pem), { algorithms: ['HS256'] })
    expect(fooled.payload.sub).toBe('alice')
  })
})

describe('alg none', () => {
  const spellings = ['none', 'None', 'NONE', 'nOnE']

  it.each(spellings)('is refused as %s without a signature', async (alg) => {
    const token = `${encodePart(header(alg))}.${encodePart(world.main.claims())}.`
    expectRefusal(await world.present(token), 'malformed_token')
  })

  it.each(spellings)('is refused as %s with a signature that would verify', async (alg) => {
    const token = signJws(header(alg), world.main.claims(), world.keys.ES256)
    expectRefusal(await world.present(token), 'algorithm_not_allowed')
  })

  it.each(spellings)('is refused as %s with the signature of another token', async (alg) => {
    const [, payload, signature] = partsOf(await world.main.token())
    const token = `${encodePart(header(alg))}.${payload}.${signature}`
    expectRefusal(await world.present(token), 'algorithm_not_allowed')
  })
})

describe('a signature that is not there', () => {
  const attacks: { name: string; signature: string; reason: GoldenReason }[] = [
    { name: 'an empty signature with alg kept', signature: '.', reason: 'malformed_token' },
    { name: 'a signature stripped with its dot', signature: '', reason: 'malformed_token' },
    { name: 'a signature of one NUL byte', signature: '.AA', reason: 'bad_signature' },
    {
      name: 'the word null as signature',
      signature: `.${encodePart('null')}`,
      reason: 'bad_signature',
    },
    { name: 'the letters null as signature', signature: '.null', reason: 'bad_signature' },
  ]

  it.each(attacks)('$name is refused', async ({ signature, reason }) => {
    const [head, payload] = partsOf(await world.main.token())
    expectRefusal(await world.present(`${head}.${payload}${signature}`), reason)
  })
})

describe('a public key used as a shared secret', () => {
  it.each(rsaSecretForms)('is refused from RS256 to HS256 as %s', async (_, secretOf) => {
    const secret = secretOf(world.keys.RS256)
    const token = hmacJws(header('HS256', 'rsa-1'), world.main.claims(), secret)
    expectRefusal(await world.present(token), 'algorithm_not_allowed')
  })

  it.each(ecSecretForms)('is refused from ES256 to HS256 as %s', async (_, secretOf) => {
    const token = hmacJws(header('HS256'), world.main.claims(), secretOf(world.keys.ES256))
    expectRefusal(await world.present(token), 'algorithm_not_allowed')
  })

  it('is refused under the name of the asymmetric algorithm too', async () => {
    const secret = rsaSecretForms[0]![1](world.keys.RS256)
    const token = hmacJws(header('RS256', 'rsa-1'), world.main.claims(), secret)
    expectRefusal(await world.present(token), 'bad_signature')
  })
})

describe('a guessed secret', () => {
  const secrets = ['', '\0', ' ', 'secret', 'password', 'changeme', 'your-256-bit-secret', 'ec-1']

  it.each(secrets)('%j is refused for HS256', async (secret) => {
    const token = hmacJws(header('HS256'), world.main.claims(), secret)
    expectRefusal(await world.present(token), 'algorithm_not_allowed')
  })
})

describe('an algorithm name that is not the key’s', () => {
  const names: { alg: unknown; reason: GoldenReason }[] = [
    { alg: 'es256', reason: 'algorithm_not_allowed' },
    { alg: 'ES256 ', reason: 'algorithm_not_allowed' },
    { alg: 'ES256\0', reason: 'algorithm_not_allowed' },
    { alg: 'ES384', reason: 'algorithm_not_allowed' },
    { alg: 'RS256', reason: 'algorithm_not_allowed' },
    { alg: 'PS256', reason: 'algorithm_not_allowed' },
    { alg: 'EdDSA', reason: 'algorithm_not_allowed' },
    { alg: 'ES256K', reason: 'algorithm_not_allowed' },
    { alg: 'HS384', reason: 'algorithm_not_allowed' },
    { alg: 'dir', reason: 'algorithm_not_allowed' },
    { alg: 'constructor', reason: 'algorithm_not_allowed' },
    { alg: '__proto__', reason: 'algorithm_not_allowed' },
    { alg: '', reason: 'algorithm_not_allowed' },
    { alg: undefined, reason: 'malformed_token' },
    { alg: null, reason: 'malformed_token' },
    { alg: ['ES256'], reason: 'malformed_token' },
    { alg: { toString: 'ES256' }, reason: 'malformed_token' },
  ]

  it.each(names)('$alg is refused for an ES256 key', async ({ alg, reason }) => {
    const token = signJws(header(alg), world.main.claims(), world.keys.ES256)
    expectRefusal(await world.present(token), reason)
  })

  it('is refused when the key names another algorithm of its type', async () => {
    const token = signJws(header('PS256', 'rsa-1'), world.main.claims(), world.keys.RS256)
    expectRefusal(await world.present(token), 'algorithm_not_allowed')
  })

  it('is refused when the issuer does not allow it, although a key would verify it', async () => {
    const issuers = [{ id: 'main', issuer: world.main.issuer, algorithms: ['RS256'] }]
    const gate = await startTestGate(testConfig(world.main, { issuers }))
    try {
      const rsa = signJws(header('RS256', 'rsa-1'), world.main.claims(), world.keys.RS256)
      const ec = await world.main.token()
      const ask = async (token: string) =>
        await gate.client.check({ path: '/read', headers: { authorization: `Bearer ${token}` } })
      expectAllowed(await ask(rsa))
      expectRefusal(await ask(ec), 'algorithm_not_allowed')
    } finally {
      await gate.close()
    }
  })
})
