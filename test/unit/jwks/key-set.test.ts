/** Which keys of a JWKS document may verify anything (RFC 7517, RFC 7518 section 3.3, standards 39 and 40). */
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isJwsAlgorithm, jwsAlgorithms, parseKeySet } from '../../../src/jwks/index.js'

type Jwk = Record<string, unknown>

const rules = { nowMs: Date.now(), trustAnchors: undefined }

const pairs = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  weakRsa: generateKeyPairSync('rsa', { modulusLength: 1_024 }),
  almostRsa: generateKeyPairSync('rsa', { modulusLength: 2_040 }),
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ec384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  secp256k1: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
  ed: generateKeyPairSync('ed25519'),
  ed448: generateKeyPairSync('ed448'),
  x25519: generateKeyPairSync('x25519'),
}

function jwk(name: keyof typeof pairs, changes: Jwk = {}): Jwk {
  return { ...(pairs[name].publicKey.export({ format: 'jwk' }) as Jwk), ...changes }
}

const privateRsa: JsonWebKey = pairs.rsa.privateKey.export({ format: 'jwk' })
const privateEc: JsonWebKey = pairs.ec.privateKey.export({ format: 'jwk' })
const good = jwk('ec', { kid: 'good' })

/** The kids that are used of a document of the good key and this one. */
async function usedBeside(key: unknown): Promise<(string | undefined)[]> {
  const { keys, refusedKeys } = await parseKeySet({ keys: [good, key] }, rules)
  expect(keys.length + refusedKeys).toBe(2)
  return keys.map(({ kid }) => kid)
}

describe('a key that is used', () => {
  const keys: [string, Jwk][] = [
    ['RSA of 2048 bits', jwk('rsa')],
    ['RSA with the exponent 3', jwk('rsa', { e: 'Aw' })],
    ['RSA for RS256', jwk('rsa', { alg: 'RS256', use: 'sig' })],
    ['RSA for PS512', jwk('rsa', { alg: 'PS512' })],
    ['P-256', jwk('ec')],
    ['P-384 for ES384', jwk('ec384', { alg: 'ES384' })],
    ['Ed25519', jwk('ed')],
    ['Ed25519 for EdDSA', jwk('ed', { alg: 'EdDSA' })],
    ['Ed25519 for Ed25519', jwk('ed', { alg: 'Ed25519' })],
    ['a key with key_ops verify', jwk('ec', { key_ops: ['verify'] })],
    ['a key with members nobody knows', jwk('ec', { x5t: 'x', issuer: 'https://a', exp: 1 })],
    ['a kid of 256 characters', jwk('ec', { kid: 'k'.repeat(256) })],
  ]

  it.each(keys)('is %s', async (_, key) => {
    expect(await usedBeside({ kid: 'this', ...key })).toEqual(['good', key['kid'] ?? 'this'])
  })

  it('is a key without a name', async () => {
    expect(await usedBeside(jwk('rsa'))).toEqual(['good', undefined])
  })
})

describe('a key that is left out', () => {
  const modulus = Buffer.from(String(jwk('weakRsa')['n']), 'base64url')
  const padded = Buffer.concat([Buffer.alloc(128), modulus]).toString('base64url')
  const flipped = Buffer.from(String(good['x']), 'base64url')
  flipped[0]! ^= 1

  const keys: [string, unknown][] = [
    ['RSA of 1024 bits', jwk('weakRsa')],
    ['RSA of 2040 bits', jwk('almostRsa')],
    ['RSA of 1024 bits behind zeros', jwk('weakRsa', { n: padded })],
    ['RSA of 16392 bits', jwk('rsa', { n: Buffer.alloc(2_049, 0xff).toString('base64url') })],
    ['RSA with the exponent 1', jwk('rsa', { e: 'AQ' })],
    ['RSA with the exponent 0', jwk('rsa', { e: 'AA' })],
    ['RSA with an even exponent', jwk('rsa', { e: 'AQAA' })],
    ['RSA without an exponent', jwk('rsa', { e: undefined })],
    ['RSA with a modulus that is a number', jwk('rsa', { n: 3 })],
    ['RSA with an empty modulus', jwk('rsa', { n: '' })],
    ['RSA for an EC algorithm', jwk('rsa', { alg: 'ES256' })],
    ['RSA for encryption by alg', jwk('rsa', { alg: 'RSA-OAEP' })],
    ['a key for encryption by use', jwk('ec', { use: 'enc' })],
    ['a use that nobody knows', jwk('ec', { use: 'SIG' })],
    ['a use that is a list', jwk('ec', { use: ['sig'] })],
    ['key_ops without verify', jwk('ec', { key_ops: ['sign'] })],
    ['empty key_ops', jwk('ec', { key_ops: [] })],
    ['key_ops that is a string', jwk('ec', { key_ops: 'verify' })],
    ['a point that is not on its curve', jwk('ec', { x: flipped.toString('base64url') })],
    ['the point at infinity', jwk('ec', { x: 'A'.repeat(43), y: 'A'.repeat(43) })],
    ['a point with half of its coordinates', jwk('ec', { y: undefined })],
    ['a point of another curve', jwk('ec', { crv: 'P-384' })],
    ['a curve that is not allowed', jwk('secp256k1')],
    ['P-384 for ES256', jwk('ec384', { alg: 'ES256' })],
    ['Ed448', jwk('ed448')],
    ['a key for key agreement', jwk('x25519')],
    ['a key for key agreement that says EdDSA', jwk('x25519', { alg: 'EdDSA' })],
    ['an oct key', { kty: 'oct', k: 'c2VjcmV0' }],
    ['an oct key for HS256', { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256', use: 'sig' }],
    ['an oct key without its secret', { kty: 'oct', alg: 'HS256' }],
    ['an EC key for HS256', jwk('ec', { alg: 'HS256' })],
    ['an EC key for none', jwk('ec', { alg: 'none' })],
    ['an EC key that also has a secret', jwk('ec', { k: 'c2VjcmV0' })],
    ['a private RSA key', privateRsa],
    ['a private EC key', privateEc],
    ['a key of an unknown kty', { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AA' }],
    ['a key without kty', jwk('ec', { kty: undefined })],
    ['a kid that is a number', jwk('ec', { kid: 1 })],
    ['a kid of 257 characters', jwk('ec', { kid: 'k'.repeat(257) })],
    ['an alg that is null', jwk('ec', { alg: null })],
    ['an empty object', {}],
    ['null', null],
    ['a string', 'key'],
    ['a list', [good]],
  ]

  it.each(keys)('is %s', async (_, key) => {
    expect(await usedBeside(key)).toEqual(['good'])
  })

  it.each(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])(
    'is one that publishes its private member %s',
    async (member) => {
      expect(await usedBeside(jwk('rsa', { [member]: 'AA' }))).toEqual(['good'])
      expect(await usedBeside(jwk('rsa', { [member]: null }))).toEqual(['good'])
    },
  )
})

describe('a document that is a fault and not a key set', () => {
  const documents: [string, unknown, RegExp][] = [
    ['null', null, /not a JWKS/],
    ['a string', 'keys', /not a JWKS/],
    ['an empty object', {}, /not a JWKS/],
    ['a list of keys', [good], /not a list/],
    ['keys that are an object', { keys: { good } }, /not a list/],
    ['keys that are null', { keys: null }, /not a list/],
    ['no keys', { keys: [] }, /no usable/],
    ['only keys that are left out', { keys: [jwk('weakRsa'), privateEc, null] }, /no usable/],
    ['201 keys', { keys: Array<unknown>(201).fill(good) }, /201 keys/],
    ['10,000 keys', { keys: Array<unknown>(10_000).fill(good) }, /10000 keys/],
  ]

  it.each(documents)('is %s', async (_, document, message) => {
    await expect(parseKeySet(document, rules)).rejects.toThrow(message)
  })

  it('names no key material', async () => {
    const fault = await parseKeySet({ keys: [privateEc, privateRsa] }, rules).catch(String)
    expect(fault).toContain('no usable')
    for (const secret of [privateEc.d, privateRsa.d, privateRsa.n, privateEc.x]) {
      expect(fault).not.toContain(secret)
    }
  })

  it('is not one of 200 keys', async () => {
    const { keys } = await parseKeySet({ keys: Array<unknown>(200).fill(good) }, rules)
    expect(keys).toHaveLength(200)
  })
})

describe('what a key may verify', () => {
  const uses: [string, Jwk, string[]][] = [
    ['RSA', jwk('rsa'), ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    ['RSA for RS256', jwk('rsa', { alg: 'RS256' }), ['RS256']],
    ['P-256', jwk('ec'), ['ES256']],
    ['P-384', jwk('ec384'), ['ES384']],
    ['Ed25519', jwk('ed'), ['EdDSA', 'Ed25519']],
    ['Ed25519 for EdDSA', jwk('ed', { alg: 'EdDSA' }), ['EdDSA', 'Ed25519']],
  ]

  it.each(uses)('of %s is what fits its type, curve and alg', async (_, key, algorithms) => {
    const { keys } = await parseKeySet({ keys: [key] }, rules)
    expect(jwsAlgorithms.filter((algorithm) => keys[0]!.fits(algorithm))).toEqual(algorithms)
  })

  it.each(['HS384', 'HS512', 'none', 'rs256', '', 'constructor', 'RSA-OAEP', 'ES256K'])(
    'is never %j',
    (name) => {
      expect(isJwsAlgorithm(name)).toBe(false)
    },
  )
})
