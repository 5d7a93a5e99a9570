/** JWS compact serializations as an attacker writes them: nothing here minds what a library would refuse to sign. */
import { constants, createHmac, createPublicKey, KeyObject, sign } from 'node:crypto'
import type { TestKey } from './authorization-server.js'

/** A header or payload: bytes as they are, text as UTF-8, anything else as JSON. */
export type JwsPart = Uint8Array | string | Readonly<Record<string, unknown>>

/** One part of a compact serialization. */
export function encodePart(part: JwsPart): string {
  if (part instanceof Uint8Array) return Buffer.from(part).toString('base64url')
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
}

/** The three parts of a token as they stand between its dots. */
export function partsOf(token: string): [header: string, payload: string, signature: string] {
  const [header = '', payload = '', signature = ''] = token.split('.')
  return [header, payload, signature]
}

/** A token that is really signed with the key, whatever its header says. */
export function signJws(header: JwsPart, payload: JwsPart, key: TestKey): string {
  const input = `${encodePart(header)}.${encodePart(payload)}`
  const privateKey = KeyObject.from(key.privateKey)
  const digest = key.algorithm.startsWith('Ed') ? null : `sha${key.algorithm.slice(2)}`
  const pss = {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: Number(key.algorithm.slice(2)) / 8,
  }
  const signature = sign(digest, Buffer.from(input), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
    ...(key.algorithm.startsWith('PS') ? pss : {}),
  })
  return `${input}.${signature.toString('base64url')}`
}

/** A token that is really signed with HMAC SHA-256 under the secret, whatever its header says. */
export function hmacJws(header: JwsPart, payload: JwsPart, secret: Uint8Array | string): string {
  const input = `${encodePart(header)}.${encodePart(payload)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

type SecretForm = readonly [name: string, secret: (key: TestKey) => Buffer | string]

const commonForms: readonly SecretForm[] = [
  ['PEM with LF', pem],
  ['PEM with CRLF', (key) => pem(key).replaceAll('\n', '\r\n')],
  ['PEM without a newline at the end', (key) => pem(key).trimEnd()],
  ['PEM on one line', (key) => pem(key).replaceAll('\n', '')],
  ['DER', (key) => publicKeyOf(key).export({ type: 'spki', format: 'der' })],
  ['JWK as it is published', (key) => JSON.stringify(key.jwk)],
]

/** Every form in which an attacker could take a public RSA key for a shared secret (RFC 8725 section 2.1). */
export const rsaSecretForms: readonly SecretForm[] = [
  ...commonForms,
  ['JWK of RFC 7638', ({ jwk: { e, kty, n } }) => JSON.stringify({ e, kty, n })],
  ['PKCS #1 PEM', (key) => publicKeyOf(key).export({ type: 'pkcs1', format: 'pem' }).toString()],
  ['modulus', ({ jwk }) => Buffer.from(jwk.n ?? '', 'base64url')],
  ['modulus as base64url', ({ jwk }) => jwk.n ?? ''],
]

/** The same for a public EC key. */
export const ecSecretForms: readonly SecretForm[] = [
  ...commonForms,
  ['JWK of RFC 7638', ({ jwk: { crv, kty, x, y } }) => JSON.stringify({ crv, kty, x, y })],
  ['x coordinate', ({ jwk }) => Buffer.from(jwk.x ?? '', 'base64url')],
  ['x coordinate as base64url', ({ jwk }) => jwk.x ?? ''],
]

function publicKeyOf(key: TestKey): KeyObject {
  return createPublicKey({ key: key.jwk as never, format: 'jwk' })
}

function pem(key: TestKey): string {
  return publicKeyOf(key).export({ type: 'spki', format: 'pem' }).toString()
}
