/**
 * Keys that a JWKS publishes as certificates, in `x5c` (RFC 7517 section 4.7).
 *
 * The rules are:
 *   - a key without members of its own is the one of its first certificate, which has to be valid now;
 *   - a key with both has to be the same in both, "MUST match"; its members then count, and the dates do not: many issuers
 *     leave an old certificate beside a good key;
 *   - with trust anchors a key without a certificate is refused, and the whole chain has to be valid and lead to one that
 *     is valid too;
 *   - a key that a certificate speaks for is believed until the first of these certificates ends, and not longer.
 */
import type { X509Certificate } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { checkValidity, endOf, isValidAt, jwkOf, parseCertificate } from './pem.js'

/** What certificates are judged by. */
export interface CertificateRules {
  /** Wall milliseconds. */
  readonly nowMs: number
  /** Certificates that a chain has to lead to; undefined asks for no chain. */
  readonly trustAnchors: readonly X509Certificate[] | undefined
}

const maxChain = 5

/**
 * The key with its own members, and, when it is only believed because of a certificate, the wall milliseconds until which
 * it is. Rejects when it may not be used.
 */
export async function certifiedJwk(
  jwk: Readonly<Record<string, unknown>>,
  rules: CertificateRules,
): Promise<{ jwk: Record<string, unknown>; certifiedUntilMs: number | undefined }> {
  const { x5c, ...own } = jwk
  if (x5c === undefined) {
    if (rules.trustAnchors !== undefined) throw new Error('the key has no certificate')
    return { jwk: own, certifiedUntilMs: undefined }
  }
  const chain = parseChain(x5c)
  const certified = jwkOf(chain[0].publicKey)
  if (own['kty'] !== undefined && own['kty'] !== certified.kty) throw new Error(disagreement)
  const hasMembers = ['n', 'e', 'x', 'y', 'crv'].some((member) => own[member] !== undefined)
  if (hasMembers && !(await isSameKey(own, certified))) throw new Error(disagreement)
  const members = hasMembers ? own : { ...own, ...certified }
  return { jwk: members, certifiedUntilMs: certifiedUntil(chain, hasMembers, rules) }
}

/** Until when the certificates speak for the key; undefined when it needs none. Throws when they do not speak for it. */
function certifiedUntil(
  chain: Chain,
  hasMembers: boolean,
  { trustAnchors, nowMs }: CertificateRules,
): number | undefined {
  if (trustAnchors !== undefined) return checkChain(chain, trustAnchors, nowMs)
  if (hasMembers) return undefined
  checkValidity(chain[0], nowMs)
  return Math.min(...chain.map(endOf))
}

const disagreement = 'the key and its certificate are not the same'

type Chain = readonly [X509Certificate, ...X509Certificate[]]

function parseChain(x5c: unknown): Chain {
  if (!Array.isArray(x5c) || x5c.length > maxChain) throw new Error('the chain cannot be read')
  const [first, ...rest] = x5c.map((text: unknown) => {
    if (typeof text !== 'string') throw new Error('the chain cannot be read')
    return parseCertificate(Buffer.from(text, 'base64'))
  })
  if (first === undefined) throw new Error('the chain is empty')
  return [first, ...rest]
}

async function isSameKey(own: JWK, certified: JWK): Promise<boolean> {
  return (await calculateJwkThumbprint(own)) === (await calculateJwkThumbprint(certified))
}

/** Returns when the first certificate of the chain ends, or the last anchor that it leads to. Throws when it leads to none. */
function checkChain(chain: Chain, anchors: readonly X509Certificate[], nowMs: number): number {
  let last: X509Certificate = chain[0]
  checkValidity(last, nowMs)
  for (const issuer of chain.slice(1)) {
    if (!isIssuedBy(last, issuer)) throw new Error('the chain is broken')
    checkValidity(issuer, nowMs)
    last = issuer
  }
  const leadsTo = anchors.filter(
    (anchor) =>
      (anchor.raw.equals(last.raw) || isIssuedBy(last, anchor)) && isValidAt(anchor, nowMs),
  )
  if (leadsTo.length === 0) throw new Error('the chain leads to no trust anchor')
  return Math.min(...chain.map(endOf), Math.max(...leadsTo.map(endOf)))
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}
