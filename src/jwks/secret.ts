/**
 * A secret for HS256, which the issuer and the gate share (RFC 7518 section 3.2).
 *
 * The rules are:
 *   - at least 256 bits, "A key of the same size as the hash output or larger MUST be used";
 *   - no secret that everybody knows, from the examples of libraries and products, and none that hardly varies;
 *   - nothing in PEM and no JWK: a public key is known to everybody, and who signs with it as a secret would be believed;
 *   - neither the secret nor a hash of it is ever shown.
 */
import { createHash } from 'node:crypto'
import { VerificationKey } from './verification-key.js'
import type { KeySet } from './key-set.js'

const minBytes = 32
const maxBytes = 4_096
const minDistinctBytes = 8

/** SHA-256 of secrets that are in documentation, templates and lists for guessing. */
const wellKnown: ReadonlySet<string> = new Set([
  '1453cea2dc3799e9026e42b3e465e455256d5a149582e4c5b92d4c8d604731a2',
  '2a8abfa8cb9906290437854193ca6bca41d4d4e26d1d454bd66a35158095e737',
  '310a7e36c0e41db94b3dd299577bbd81e7f91af06890ff2ff3df3496a60b92d4',
  '3354cfcf65c7b2e6840ea6f880aede239750cb1d063950c4e8fd9fbf9ec73a32',
  '37479ee8c164ad93ce076432170cc4c17f3b3d0a9da8051c1a44c9c0a1c1339c',
  '3eb1bd439947eb762998e566ccc2e099c791118b2f40579cc4f7da2b5061b7f9',
  '40072d61eaecd7b8309ffbe4aa3826c30969711106c3ee0072719d97ae3d92c9',
  '465d9ad5d5528ebe287b5dce4fb51620833d09b290e49ddcc70ca6c4a0aea01b',
  '4f6247d3302488b2e483cdc67a5027a6de127b09903954787428e30faf83eb49',
  '53d3eb3d9500cdcdbbe39c030eb2959438bcc459d5de9380db2a3c85b5de5360',
  '570dad43de1af4c925f92c16a68a50936da42b7dd6fdeb24850507a1199aac89',
  '5df73e1aa59d8f332c2f5fd6ea1c37d0f2266b623ea3c4efe6cb3d577fd6a5e1',
  '653bb1245e828fcda4fa53fcd5a3def5bd7654e651f54b4132b73d74e64435c4',
  '665c0a7f16e2c1e0d8637fbdd713eeb33475223dfa62cf6e6f8b76b786e92211',
  '710adedc869baf532ff078d76dad58a303c35a89924b6260fdc5f13bf254809d',
  '7a9488bc60c049cfe47f83d8076d9021c0caa68204cfafbf6ccb4105e7079952',
  '7d5f5ad0674ec2f2960b1a34f33370a0f71471fa0e3ef0c0a692977d276dafe8',
  '7e624fe0d263feb46afd13318b081365a66f991146147feb9f1c1e52d0f4c96c',
  '8b1b17a9740c068accab5c3d0d652c8e3cc13206e70bb73b42ea41d4c2de3c12',
  'a064b502e61d27e94b8717290e5e1b32e36720e9fbdf952ec81a84c07128cb37',
  'b0a48b724fe694cb785ca3083c0129ba147867a344578e1c9517490c788d163b',
  'e1b85b27d6bcb05846c18e6a48f118e89f0c0587140de9fb3359f8370d0dba08',
  'f6d527e6d01865481134f29788be2afe7fc3c702e1a55d7ceafac5f35199e8dc',
  'f71e8ec67865e2f059612fb4bd733a2920f3671532f97ef508a880beb47fbd6b',
  'fd4dec75abc2df7e4f8776e246ce733d29690230695c4ce8ea7a207eb3a939ab',
])

/**
 * The key set of a secret as its file has it: one line end at the end does not count, every other byte does. Throws a sentence
 * that tells nothing of the secret.
 */
export function secretKeySet(content: Buffer): KeySet {
  const secret = withoutLineEnd(content)
  if (secret.byteLength < minBytes) {
    throw new Error(`the secret has less than ${String(minBytes * 8)} bits, too few for HS256`)
  }
  if (secret.byteLength > maxBytes) throw new Error('the secret is too long to be one')
  if (new Set(secret).size < minDistinctBytes) throw new Error('the secret hardly varies')
  if (isKeyDocument(secret.toString('latin1'))) {
    throw new Error('the secret is a key or certificate and no secret')
  }
  if (wellKnown.has(sha256(secret))) throw new Error('the secret is one that everybody knows')
  const jwk = { kty: 'oct', alg: 'HS256', k: secret.toString('base64url') }
  return {
    keys: [new VerificationKey(jwk, sha256(secret))],
    refusedKeys: 0,
    isKeepable: false,
    isNameless: true,
  }
}

function withoutLineEnd(content: Buffer): Buffer {
  const text = content.toString('latin1')
  return content.subarray(0, text.replace(/\r?\n$/, '').length)
}

function isKeyDocument(text: string): boolean {
  return text.includes('-----BEGIN ') || /^\s*\{[^]*"kty"/.test(text)
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
