/** Keys that come as certificates or PEM: which count, and which do not. */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { loadKeySet, type KeySource, type KeySourceAccess } from '../../../src/jwks/key-source.js'
import {
  createCertificateAuthority,
  createEndCertificate,
  type TestCertificate,
} from '../../support/certificates.js'

const authority = createCertificateAuthority('authority')
const stranger = createCertificateAuthority('stranger')
const good = createEndCertificate('good', authority)
const other = createEndCertificate('other', authority)
const expired = createEndCertificate('expired', authority, { fromHours: -2, toHours: -1 })
const future = createEndCertificate('future', authority, { fromHours: 1, toHours: 2 })
const lasting = createEndCertificate('lasting', authority, { fromHours: -1, toHours: 24 })
const inTwoHours = Date.now() + 7_200_000
const weak = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey
const encrypted = createPrivateKey(good.key).export({
  type: 'sec1',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'x',
})
const pem = (key: TestCertificate): string =>
  createPublicKey(key.certificate).export({ type: 'spki', format: 'pem' }).toString()
const jwk = (key: TestCertificate) => createPublicKey(key.certificate).export({ format: 'jwk' })
const x5c = (...chain: TestCertificate[]) =>
  chain.map(({ certificate }) => certificate.replace(/-----[^-]+-----|\s/g, ''))

function access(document: unknown, files: Record<string, string> = {}): KeySourceAccess {
  return {
    fetch: async () => Response.json(document),
    readFile: async (path) => Buffer.from(files[path] ?? ''),
    timeoutMs: 1_000,
    allowInsecure: false,
    wallMs: () => Date.now(),
  }
}

async function kidsOf(
  source: KeySource,
  document?: unknown,
  anchors?: string,
): Promise<readonly (string | undefined)[]> {
  const trustAnchorsFile = anchors === undefined ? undefined : 'anchors'
  const files = { anchors: anchors ?? '' }
  const { set } = await loadKeySet({ source, trustAnchorsFile }, access(document, files))
  return set.keys.map(({ kid }) => kid)
}

describe('PEM', () => {
  const pemSource = (text: string, kid?: string): KeySource => ({ kind: 'pem', pem: text, kid })

  it('is a public key or a certificate, one or several', async () => {
    expect(await kidsOf(pemSource(pem(good), 'a'))).toEqual(['a'])
    expect(await kidsOf(pemSource(good.certificate, 'a'))).toEqual(['a'])
    expect(await kidsOf(pemSource(pem(good) + other.certificate))).toEqual([undefined, undefined])
  })

  it('is read from a file', async () => {
    const source: KeySource = { kind: 'pemFile', path: 'p', kid: 'a' }
    const { set } = await loadKeySet({ source }, access(undefined, { p: pem(good) }))
    expect(set).toMatchObject({ keys: [{ kid: 'a' }], isNameless: false })
  })

  const refused: [string, string, string | undefined, RegExp][] = [
    ['a private key', good.key, undefined, /something else than public keys/],
    ['a public key beside a private one', pem(good) + good.key, undefined, /something else/],
    [
      'a public key beside an encrypted one',
      `${pem(good)}${encrypted.toString()}`,
      undefined,
      /something else/,
    ],
    ['a public key beside half of one', pem(good) + pem(other).slice(0, 90), undefined, /else/],
    ['two keys of one kid', pem(good) + pem(other), 'a', /one kid cannot name them all/],
    ['no PEM', 'text', undefined, /no PEM block/],
    ['half of one', pem(good).slice(0, 90), undefined, /no PEM block/],
    ['a block of nothing', pem(good).replace(/MF/, 'AA'), undefined, /cannot be read/],
    ['an expired certificate', expired.certificate, undefined, /expired/],
    ['a certificate of tomorrow', future.certificate, undefined, /not valid yet/],
    [
      'a weak key',
      weak.export({ type: 'spki', format: 'pem' }).toString(),
      undefined,
      /no usable public signature key/,
    ],
  ]

  it.each(refused)('is not %s', async (_, text, kid, message) => {
    await expect(kidsOf(pemSource(text, kid))).rejects.toThrow(message)
  })
})

describe('a map of certificates', () => {
  const source: KeySource = { kind: 'x509Map', url: 'https://keys.example/map' }

  it('is one key for each kid whose certificate counts', async () => {
    const document = {
      good: good.certificate,
      expired: expired.certificate,
      future: future.certificate,
      key: pem(good),
      private: good.key,
      text: 'text',
      number: 1,
      other: other.certificate,
    }
    expect(await kidsOf(source, document)).toEqual(['good', 'other'])
  })

  it.each([null, [], 'text', 1])('is not %j', async (document) => {
    await expect(kidsOf(source, document)).rejects.toThrow('not a map from kid to certificate')
  })

  it('is not one without a certificate that counts', async () => {
    await expect(kidsOf(source, { a: expired.certificate })).rejects.toThrow(/no usable/)
  })
})

describe('a key of a JWKS with a certificate', () => {
  const source: KeySource = { kind: 'jwksUri', jwksUri: 'https://keys.example/jwks' }
  const beside = { ...jwk(other), kid: 'beside' }

  /** Whether the key is used. */
  async function isUsed(key: object, anchors?: string): Promise<boolean> {
    const first = anchors === undefined ? beside : { ...beside, x5c: x5c(other) }
    const kids = await kidsOf(source, { keys: [first, { kid: 'this', ...key }] }, anchors)
    return kids.includes('this')
  }

  it.each<[string, object, boolean]>([
    ['the certificate alone', { kty: 'EC', x5c: x5c(good) }, true],
    ['the certificate alone, without kty', { x5c: x5c(good) }, true],
    ['the certificate alone, with a chain', { kty: 'EC', x5c: x5c(good, authority) }, true],
    ['the same key in both', { ...jwk(good), x5c: x5c(good) }, true],
    ['the same key in both, and an old certificate', { ...jwk(expired), x5c: x5c(expired) }, true],
    ['another key in the certificate', { ...jwk(other), x5c: x5c(good) }, false],
    ['another kind in kty', { kty: 'RSA', x5c: x5c(good) }, false],
    ['a secret beside it', { kty: 'oct', k: 'AAAA', x5c: x5c(good) }, false],
    ['a private member beside it', { kty: 'EC', d: 'AAAA', x5c: x5c(good) }, false],
    ['an expired certificate alone', { kty: 'EC', x5c: x5c(expired) }, false],
    ['a certificate of tomorrow alone', { kty: 'EC', x5c: x5c(future) }, false],
    ['an empty chain', { ...jwk(good), x5c: [] }, false],
    ['a chain that is no list', { ...jwk(good), x5c: x5c(good)[0] }, false],
    ['a chain of numbers', { ...jwk(good), x5c: [1] }, false],
    ['a chain of garbage', { ...jwk(good), x5c: ['AAAA'] }, false],
    ['a chain too long', { ...jwk(good), x5c: x5c(good, good, good, good, good, good) }, false],
  ])('that has %s: %s', async (_, key, used) => {
    expect(await isUsed(key)).toBe(used)
  })

  it.each<[string, object, boolean]>([
    ['is issued by an anchor', { x5c: x5c(good) }, true],
    ['leads to an anchor', { x5c: x5c(good, authority) }, true],
    ['has its members too', { ...jwk(good), x5c: x5c(good) }, true],
    ['has no certificate', jwk(good), false],
    ['is expired', { ...jwk(expired), x5c: x5c(expired) }, false],
    ['is issued by another', { x5c: x5c(createEndCertificate('bad', stranger)) }, false],
    ['names the anchor but is not signed by it', { x5c: x5c(forged()) }, false],
    ['leads to another anchor', { x5c: x5c(createEndCertificate('b', stranger), stranger) }, false],
    [
      'has a chain that is broken',
      { x5c: x5c(createEndCertificate('b', stranger), authority) },
      false,
    ],
    [
      'is issued by what is no authority',
      { x5c: x5c(createEndCertificate('b', good), good) },
      false,
    ],
  ])('that %s, with trust anchors: %#', async (_, key, used) => {
    expect(await isUsed(key, authority.certificate)).toBe(used)
  })

  it('is not used with an anchor that expired', async () => {
    const document = { keys: [{ kid: 'this', x5c: x5c(lasting) }] }
    const later = { ...access(document, { a: authority.certificate }), wallMs: () => inTwoHours }
    const loading = loadKeySet({ source, trustAnchorsFile: 'a' }, later)
    await expect(loading).rejects.toThrow(/no key of the JWKS has a certificate/)
  })

  it.each(['', 'text', pem(good), authority.certificate + good.key])(
    'is not used with anchors that are none: %#',
    async (anchors) => {
      await expect(isUsed({ x5c: x5c(good) }, anchors)).rejects.toThrow(/trust anchors/)
    },
  )

  it('is not kept in a snapshot when a certificate is all that speaks for it', async () => {
    const keepable = async (...keys: object[]) =>
      (await loadKeySet({ source }, access({ keys }))).set.isKeepable
    expect(await keepable(beside, { ...jwk(good), x5c: x5c(good) })).toBe(true)
    expect(await keepable(beside, { x5c: x5c(good) })).toBe(false)
  })
})

/** A certificate in the name of the authority, by a key that is not its. */
function forged(): TestCertificate {
  return createEndCertificate('forged', createCertificateAuthority('authority'))
}
