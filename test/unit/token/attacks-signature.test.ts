/** Attacks on the signature itself: special values, other encodings, broken padding, content moved between tokens. */
import { constants, createHash, KeyObject, privateEncrypt } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAttackWorld, type AttackWorld } from '../../support/attack-world.js'
import { encodePart, partsOf, signJws } from '../../support/forged-jws.js'
import { expectAllowed, expectRefusal } from '../../support/golden-refusals.js'

let world: AttackWorld
beforeAll(async () => {
  world = await startAttackWorld()
})
afterAll(async () => {
  await world.close()
})

/** The token with its signature replaced by what the function makes of the octets. */
function resigned(token: string, change: (signature: Buffer) => Uint8Array): string {
  const [header, payload, signature] = partsOf(token)
  return `${header}.${payload}.${encodePart(change(Buffer.from(signature, 'base64url')))}`
}

function number(value: bigint, octets: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * octets, '0'), 'hex')
}

describe('an ECDSA signature', () => {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const prime = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
  const pair = (r: bigint, s: bigint) => () => Buffer.concat([number(r, 32), number(s, 32)])

  const signatures: [string, (signature: Buffer) => Uint8Array][] = [
    ['of (0, 0)', pair(0n, 0n)],
    ['of (0, 1)', pair(0n, 1n)],
    ['of (1, 0)', pair(1n, 0n)],
    ['of (1, 1)', pair(1n, 1n)],
    ['of (n, n)', pair(order, order)],
    ['of (n, 0)', pair(order, 0n)],
    ['of (n + 1, n + 1)', pair(order + 1n, order + 1n)],
    ['of (n - 1, n - 1)', pair(order - 1n, order - 1n)],
    ['of (p, p)', pair(prime, prime)],
    ['of the largest numbers', () => Buffer.alloc(64, 0xff)],
    ['with R zeroed', (signature) => Buffer.concat([Buffer.alloc(32), signature.subarray(32)])],
    ['with S zeroed', (signature) => Buffer.concat([signature.subarray(0, 32), Buffer.alloc(32)])],
    ['with R and S exchanged', (s) => Buffer.concat([s.subarray(32), s.subarray(0, 32)])],
    ['in DER', derSequence],
    ['of one octet less', (signature) => signature.subarray(0, 63)],
    ['without its first octet', (signature) => signature.subarray(1)],
    ['of R alone', (signature) => signature.subarray(0, 32)],
    ['with a zero at the end', (signature) => Buffer.concat([signature, Buffer.of(0)])],
    ['with a zero in front', (signature) => Buffer.concat([Buffer.of(0), signature])],
    ['with zeros in front of R and S', padded],
    ['twice', (signature) => Buffer.concat([signature, signature])],
    ['with one bit changed', (s) => Buffer.concat([Buffer.of(s[0]! ^ 1), s.subarray(1)])],
  ]

  it('is accepted as it was made', async () => {
    expectAllowed(await world.present(resigned(await world.main.token(), (signature) => signature)))
  })

  it.each(signatures)('%s is refused', async (_, change) => {
    const token = resigned(await world.main.token(), change)
    expectRefusal(await world.present(token), 'bad_signature')
  })

  function derSequence(signature: Buffer): Buffer {
    const integer = (value: Buffer) => Buffer.concat([Buffer.of(0x02, 33, 0), value])
    const content = [integer(signature.subarray(0, 32)), integer(signature.subarray(32))]
    return Buffer.concat([Buffer.of(0x30, 70), ...content])
  }

  function padded(signature: Buffer): Buffer {
    const zero = Buffer.of(0)
    return Buffer.concat([zero, signature.subarray(0, 32), zero, signature.subarray(32)])
  }
})

describe('an EdDSA signature', () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const header = { alg: 'EdDSA', typ: 'at+jwt', kid: 'ed-1' }
  const signatures: [string, (signature: Buffer) => Uint8Array][] = [
    ['of zeros', () => Buffer.alloc(64)],
    ['of the identity point and zero', () => Buffer.concat([Buffer.of(1), Buffer.alloc(63)])],
    ['of one octet less', (signature) => signature.subarray(0, 63)],
    ['with an octet more', (signature) => Buffer.concat([signature, Buffer.of(0)])],
    ['with the group order added to S', plusOrder],
  ]

  it('is accepted as it was made', async () => {
    const token = signJws(header, world.main.claims(), world.keys.EdDSA)
    expectAllowed(await world.present(token))
  })

  it.each(signatures)('%s is refused', async (_, change) => {
    const token = signJws(header, world.main.claims(), world.keys.EdDSA)
    expectRefusal(await world.present(resigned(token, change)), 'bad_signature')
  })

  // RFC 8032 section 5.1.7: S outside 0 .. L-1 would be a second signature of the same content.
  function plusOrder(signature: Buffer): Buffer {
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`)
    return Buffer.concat([signature.subarray(0, 32), number(s + order, 32).reverse()])
  }
})

describe('an RSA signature', () => {
  const header = { alg: 'RS256', typ: 'at+jwt', kid: 'rsa-1' }
  const sha256Info = Buffer.from('3031300d060960864801650304020105000420', 'hex')
  const sha1Info = Buffer.from('3021300906052b0e03021a05000414', 'hex')
  const longFormInfo = Buffer.from('308131300d060960864801650304020105000420', 'hex')

  interface Block {
    readonly first?: number
    readonly type?: number
    readonly padding?: Buffer
    readonly separator?: number
    readonly info?: Buffer
    readonly garbage?: Buffer
  }

  /** EMSA-PKCS1-v1_5 of RFC 8017 section 9.2, with parts replaced. */
  function encoded(digest: Buffer, block: Block): Buffer {
    const { first = 0, type = 1, separator = 0, info = sha256Info } = block
    const tail = Buffer.concat([Buffer.of(separator), info, digest, block.garbage ?? Buffer.of()])
    const padding = block.padding ?? Buffer.alloc(254 - tail.length, 0xff)
    const gap = Buffer.alloc(254 - tail.length - padding.length)
    return Buffer.concat([Buffer.of(first, type), padding, tail, gap])
  }

  /** A token whose RSA operation is genuine while the padded block is what the test makes it. */
  function forged(block: Block, algorithm = 'sha256'): string {
    const input = `${encodePart(header)}.${encodePart(world.main.claims())}`
    const key = KeyObject.from(world.keys.RS256.privateKey)
    const content = encoded(createHash(algorithm).update(input).digest(), block)
    const signature = privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, content)
    return `${input}.${encodePart(signature)}`
  }

  const spoilt = Buffer.alloc(202, 0xff)
  spoilt[100] = 0xfe

  const blocks: [string, Block, string?][] = [
    ['block type 0', { type: 0 }],
    ['block type 2', { type: 2 }],
    ['a first octet that is not zero', { first: 1, type: 1 }],
    ['another octet in the padding', { padding: spoilt }],
    ['padding of zeros', { padding: Buffer.alloc(202) }],
    ['a separator that is not zero', { separator: 0xff }],
    ['short padding and garbage behind', { padding: Buffer.alloc(8, 0xff) }],
    ['garbage behind the digest', { garbage: Buffer.alloc(16, 0xaa) }],
    ['no padding and garbage behind', { padding: Buffer.of() }],
    ['a length in long form', { info: longFormInfo }],
    ['no digest info', { info: Buffer.of() }],
    ['the digest info of SHA-1', { info: sha1Info }, 'sha1'],
    ['a SHA-384 digest named SHA-256', {}, 'sha384'],
  ]

  it('is accepted when its block is padded as it must be', async () => {
    expectAllowed(await world.present(forged({})))
  })

  it.each(blocks)('with %s is refused', async (_, block, algorithm) => {
    expectRefusal(await world.present(forged(block, algorithm)), 'bad_signature')
  })

  const signatures: [string, (signature: Buffer) => Uint8Array][] = [
    ['of zeros', (signature) => Buffer.alloc(signature.length)],
    ['of the number one', (signature) => number(1n, signature.length)],
    ['of one octet less', (signature) => signature.subarray(0, -1)],
    ['with a zero at the end', (signature) => Buffer.concat([signature, Buffer.of(0)])],
    ['with a zero in front', (signature) => Buffer.concat([Buffer.of(0), signature])],
    ['of the largest number', (signature) => Buffer.alloc(signature.length, 0xff)],
    ['of the modulus', () => Buffer.from(world.keys.RS256.jwk.n!, 'base64url')],
  ]

  it.each(signatures)('%s is refused', async (_, change) => {
    const token = signJws(header, world.main.claims(), world.keys.RS256)
    expectRefusal(await world.present(resigned(token, change)), 'bad_signature')
  })
})

describe('content that was not signed', () => {
  it('is refused when the payload is another token’s', async () => {
    const [header, , signature] = partsOf(await world.main.token())
    const [, payload] = partsOf(await world.main.token({ sub: 'bob' }))
    expectRefusal(await world.present(`${header}.${payload}.${signature}`), 'bad_signature')
  })

  it('is refused when one claim was raised', async () => {
    const token = await world.main.token({ scope: 'write:users' })
    expectRefusal(await world.present(token), 'insufficient_scope')
    const [header, payload, signature] = partsOf(token)
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
    const raised = encodePart({ ...claims, scope: 'read:users' })
    expectRefusal(await world.present(`${header}.${raised}.${signature}`), 'bad_signature')
  })

  it('is refused when the header is another token’s', async () => {
    const [, payload, signature] = partsOf(await world.main.token())
    const [header] = partsOf(await world.main.token({}, { cty: 'x' }))
    expectRefusal(await world.present(`${header}.${payload}.${signature}`), 'bad_signature')
  })

  it('is refused when the same claims are only written in another order', async () => {
    const [header, payload, signature] = partsOf(await world.main.token())
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
    const reordered = encodePart(Object.fromEntries(Object.entries(claims).reverse()))
    expect(reordered).not.toBe(payload)
    expectRefusal(await world.present(`${header}.${reordered}.${signature}`), 'bad_signature')
  })
})
