/**
 * A signed answer (RFC 9701): a JWT for us alone, by a key of the issuer that was asked.
 *
 * The rules are: `typ` is token-introspection+jwt, so that no access token passes for an answer; `iss` is the issuer;
 * `aud` is our client id and nobody else's; `iat` is of now; algorithm and key are of the issuer. Whatever is wrong is the
 * endpoint's trouble and never the token's.
 */
import { isJwsAlgorithm, type JwsAlgorithm, type KeySearch } from '../jwks/index.js'
import {
  decodeJwt,
  keysOfIssuer,
  normalizeTokenType,
  signingKey,
  type DecodedJwt,
} from '../token/index.js'

/** What a signed answer is held against. */
export interface SignedResponseRules {
  readonly issuer: string
  readonly clientId: string
  readonly algorithms: ReadonlySet<JwsAlgorithm>
  readonly honoursKeyIssuer: boolean
  readonly clockToleranceMs: number
  readonly nowMs: number
  readonly findKeys: (
    kid: string | undefined,
    algorithm: JwsAlgorithm,
  ) => KeySearch | Promise<KeySearch>
}

/** An answer is made when it is asked for. */
const maxAgeMs = 60_000

/** The members inside a signed answer. Rejects with one sentence for operators. */
export async function verifySignedResponse(
  body: Uint8Array,
  rules: SignedResponseRules,
): Promise<Readonly<Record<string, unknown>>> {
  const text = Buffer.from(body).toString('latin1').trim()
  const jwt = decodeJwt(text)
  if (jwt === undefined) throw new Error('the signed answer is not a JWT')
  const fault = faultOf(jwt, rules)
  if (fault !== undefined) throw new Error(`the signed answer ${fault}`)
  const { alg, kid } = jwt.header
  if (!isJwsAlgorithm(alg) || !rules.algorithms.has(alg)) {
    throw new Error('the signed answer has an algorithm that is not allowed')
  }
  const found = await rules.findKeys(kid, alg)
  if (found.kind !== 'keys') throw new Error('the key of the signed answer is not there')
  // Fail closed: a set may have keys of other issuers, which do not speak for this one.
  const keys = keysOfIssuer(rules, undefined, found.keys)
  if ((await signingKey(text, keys, alg)) === undefined) {
    throw new Error('the signature of the answer is not the issuer’s')
  }
  return jwt.claims['token_introspection'] as Readonly<Record<string, unknown>>
}

function faultOf({ header, claims }: DecodedJwt, rules: SignedResponseRules): string | undefined {
  const type = header.typ === undefined ? undefined : normalizeTokenType(header.typ)
  if (type !== 'token-introspection+jwt') return 'has another typ than token-introspection+jwt'
  const { iss, aud, iat, token_introspection: members } = claims
  if (iss !== rules.issuer) return 'is of another issuer'
  if (
    aud !== rules.clientId &&
    !(Array.isArray(aud) && aud.length === 1 && aud[0] === rules.clientId)
  ) {
    return 'is for another client'
  }
  const ageMs = typeof iat === 'number' ? rules.nowMs - iat * 1_000 : Number.NaN
  const isOfNow = ageMs >= -rules.clockToleranceMs && ageMs <= maxAgeMs + rules.clockToleranceMs
  if (!isOfNow) return 'is not of now'
  const isObject = typeof members === 'object' && members !== null && !Array.isArray(members)
  return isObject ? undefined : 'has no token_introspection'
}
