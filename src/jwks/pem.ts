/**
 * Public keys as PEM: keys by themselves and certificates (RFC 7468).
 *
 * The rules are:
 *   - only public things are read: a private key in the file is a mistake, and nothing of the file is then used;
 *   - a certificate counts from its first to its last day and not outside, by the wall clock at each load;
 *   - a key becomes a JWK, one of a certificate with nothing but its `x5c`, and goes the way of every other: strength, type,
 *     curve, and until when the certificate speaks for it, are judged there.
 */
import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'

const maxBlocks = 200
const blockPattern = /-----BEGIN ([A-Z0-9 ]+)-----[A-Za-z0-9+/=\s]+-----END \1-----/g

/**
 * The keys of a PEM text as the keys of a JWKS, `kid` included when one is given. Throws a sentence that repeats nothing of
 * the text. `nowMs` is wall time.
 */
export function jwksOfPem(text: string, kid: string | undefined, nowMs: number): { keys: JWK[] } {
  const blocks = [...text.matchAll(blockPattern)]
  if (blocks.length === 0) throw new Error('it has no PEM block that is whole')
  // Blocks of another form, as those of encrypted private keys are, would be passed over without a word.
  if (blocks.length !== text.split('-----BEGIN').length - 1) {
    throw new Error('it has something else than public keys and certificates')
  }
  if (blocks.length > maxBlocks) throw new Error(`it has more than ${String(maxBlocks)} PEM blocks`)
  if (kid !== undefined && blocks.length > 1) {
    throw new Error('it has several PEM blocks, and one kid cannot name them all')
  }
  const keys = blocks.map(([block, label = '']) => publicKeyOf(block, label, nowMs))
  return { keys: keys.map((key) => ({ ...key, ...(kid === undefined ? {} : { kid }) })) }
}

/**
 * The keys of a map from `kid` to certificate as the keys of a JWKS. A certificate that cannot be read or is not valid at this
 * wall time stands as null, which no key set uses. Throws when the document is no such map.
 */
export function jwksOfCertificateMap(document: unknown, nowMs: number): { keys: (JWK | null)[] } {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new Error('the document is not a map from kid to certificate')
  }
  const entries = Object.entries(document)
  if (entries.length > maxBlocks) throw new Error('the map has too many certificates')
  return { keys: entries.map(([kid, certificate]) => mappedKey(kid, certificate, nowMs)) }
}

/** Every certificate of a PEM text. Throws a sentence that repeats nothing of it. */
export function certificatesOfPem(text: string): readonly X509Certificate[] {
  const blocks = [...text.matchAll(blockPattern)]
  if (blocks.length === 0 || blocks.some(([, label]) => label !== 'CERTIFICATE')) {
    throw new Error('a file of trust anchors has certificates and nothing else')
  }
  return blocks.map(([block]) => parseCertificate(block))
}

function mappedKey(kid: string, certificate: unknown, nowMs: number): JWK | null {
  try {
    return typeof certificate === 'string' ? { ...certifiedKey(certificate, nowMs), kid } : null
  } catch {
    return null // Fail closed: a certificate that does not count verifies nothing.
  }
}

/** A certificate as the JWK that only it speaks for. Throws when it is none, or not valid at this wall time. */
function certifiedKey(certificate: string, nowMs: number): JWK {
  const parsed = parseCertificate(certificate)
  checkValidity(parsed, nowMs)
  const { kty } = jwkOf(parsed.publicKey)
  return { ...(kty === undefined ? {} : { kty }), x5c: [parsed.raw.toString('base64')] }
}

/** Parses a certificate. Throws a sentence that repeats nothing of it. */
export function parseCertificate(certificate: string | Buffer): X509Certificate {
  try {
    return new X509Certificate(certificate)
  } catch {
    throw new Error('it has a certificate that cannot be read')
  }
}

/** Throws when the certificate is not valid at this wall time. */
export function checkValidity(certificate: X509Certificate, nowMs: number): void {
  // Fail closed: a date that cannot be read compares as false.
  if (!(Date.parse(certificate.validFrom) <= nowMs)) {
    throw new Error('it has a certificate that is not valid yet')
  }
  if (!(nowMs <= Date.parse(certificate.validTo))) {
    throw new Error('it has a certificate that expired')
  }
}

/** Whether the certificate is valid at this wall time. */
export function isValidAt(certificate: X509Certificate, nowMs: number): boolean {
  return Date.parse(certificate.validFrom) <= nowMs && nowMs <= Date.parse(certificate.validTo)
}

/** The wall milliseconds at which the certificate ends. */
export function endOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo)
}

/** A public key as a JWK. */
export function jwkOf(key: KeyObject): JWK {
  try {
    return key.export({ format: 'jwk' })
  } catch {
    throw new Error('it has a key of a kind that is not supported')
  }
}

function publicKeyOf(block: string, label: string, nowMs: number): JWK {
  if (label === 'CERTIFICATE') return certifiedKey(block, nowMs)
  // createPublicKey would take a private key too, and derive the public one.
  if (label !== 'PUBLIC KEY' && label !== 'RSA PUBLIC KEY') {
    throw new Error('it has something else than public keys and certificates')
  }
  return jwkOf(parsePublicKey(block))
}

function parsePublicKey(block: string): KeyObject {
  try {
    return createPublicKey(block)
  } catch {
    throw new Error('it has a public key that cannot be read')
  }
}
