/**
 * From a token and its way to what is known of it: by its signature, by its issuer's word, or by both.
 *
 * The rules are:
 *   - a JWT goes to the issuer that its `iss` names, and to nobody when that is not a configured one;
 *   - with `both` the signature comes first, so that made-up tokens cost the issuer nothing; either may refuse, and so does
 *     a contradiction between them (agreement.ts);
 *   - a JWT that is only asked about has no other type than that of an access token, and no header that the rules refuse;
 *   - what both say is believed while the key is published and for as long as an answer is.
 */
import {
  decodeJwt,
  hasRefusedHeader,
  introspectionRoom,
  isAccessTokenType,
  type DecodedJwt,
  type JwtVerification,
  type RejectionReason,
  type TokenCheck,
  type VerifyJwt,
  type VerifyToken,
} from '../token/index.js'
import { agreedToken } from './agreement.js'
import type { Introspected, IssuerIntrospection } from './issuer-introspection.js'
import type { IntrospectionOptions } from './options.js'

type Claims = Readonly<Record<string, unknown>>

/** Puts introspection beside the verification of JWTs. */
export function createTokenVerifier(
  verifyJwt: VerifyJwt,
  introspections: readonly IssuerIntrospection[],
): VerifyToken {
  const byId = new Map(introspections.map((one) => [one.options.issuerId, one]))
  const byIssuer = new Map<unknown, IssuerIntrospection>(
    introspections.map((one) => [one.options.issuer, one]),
  )

  return async function verifyToken(accessToken, mayWait, routing) {
    const ask = async (one: IssuerIntrospection, isJwt: boolean): Promise<Introspected> =>
      await one.introspect(
        accessToken,
        (isNew) => mayWait(introspectionRoom(one.options.issuerId, isNew)),
        isJwt,
      )
    if (routing?.opaqueOf !== undefined) {
      const one = byId.get(routing.opaqueOf)
      if (one === undefined) throw new TypeError('a token is routed to an issuer that is not there')
      return (await ask(one, false)).verification
    }
    const jwt = decodeJwt(accessToken)
    const one = byIssuer.get(jwt?.claims['iss'])
    // Without introspection of its issuer a JWT has only its signature; the configuration refuses routes that want more.
    if (jwt === undefined || one === undefined) {
      return await byJwt(accessToken, mayWait, routing?.tokenCheck)
    }
    const check = routing?.tokenCheck ?? one.options.tokenCheck
    if (check === 'introspection') {
      return foreignJwt(jwt, one.options) ?? (await ask(one, false)).verification
    }
    // Fail closed: its keys are not even loaded, and no route that wants a signature accepts this issuer.
    if (isOnlyAsked(one.options)) return rejected('unknown_issuer', one.options.issuerId)
    const byKey = await verifyJwt(accessToken, mayWait)
    if (check === 'jwt' || byKey.authentication.kind !== 'verified') return byKey
    return combined(byKey, await ask(one, true), jwt.claims, one.options)
  }

  async function byJwt(
    accessToken: string,
    mayWait: (room: string) => boolean,
    check: TokenCheck | undefined,
  ): Promise<JwtVerification> {
    const verification = await verifyJwt(accessToken, mayWait)
    const { authentication } = verification
    const wantsMore = check === 'introspection' || check === 'both'
    if (!wantsMore || authentication.kind !== 'verified') return verification
    // Fail closed: the route wants the issuer's word, and this issuer cannot be asked.
    return rejected('unknown_issuer', authentication.token.issuerId)
  }
}

/** Whether nobody but the issuer itself can say anything of its tokens. */
function isOnlyAsked({ tokenCheck, requiresSignature }: IntrospectionOptions): boolean {
  return tokenCheck === 'introspection' && !requiresSignature
}

/** The refusal of a JWT that says itself to be something else than an access token for us; undefined when it does not. */
function foreignJwt(
  { header, headerMembers, claims }: DecodedJwt,
  { issuerId, rules, tokenTypes }: IntrospectionOptions,
): JwtVerification | undefined {
  if (hasRefusedHeader(rules, headerMembers)) {
    return rejected('token_not_for_third_parties', issuerId)
  }
  // An issuer that is asked about its JWTs need not send the type of the default.
  const isAccessToken = [tokenTypes, 'lenient' as const].some((types) =>
    isAccessTokenType(types, header.typ, claims, rules.allowsIdTokens),
  )
  return isAccessToken ? undefined : rejected('wrong_type', issuerId)
}

function rejected(reason: RejectionReason, issuerId: string): JwtVerification {
  return { authentication: { kind: 'rejected', reason, issuerId } }
}

function combined(
  byKey: JwtVerification,
  asked: Introspected,
  claims: Claims,
  { clientPlaces }: IntrospectionOptions,
): JwtVerification {
  const { verification, members = {} } = asked
  const [mine, theirs] = [byKey.authentication, verification.authentication]
  if (mine.kind !== 'verified' || theirs.kind !== 'verified') return verification
  const token = agreedToken(mine.token, theirs.token, { claims, members, clientPlaces })
  if (token === undefined) return rejected('introspection_mismatch', mine.token.issuerId)
  return {
    authentication: { kind: 'verified', token },
    life: shorterLife(byKey.life, verification.life),
  }
}

function shorterLife(
  byKey: JwtVerification['life'],
  byAnswer: JwtVerification['life'],
): JwtVerification['life'] {
  if (byKey === undefined || byAnswer === undefined) return undefined
  return {
    expiresAtMs: Math.min(byKey.expiresAtMs, byAnswer.expiresAtMs),
    notBeforeMs: Math.max(byKey.notBeforeMs, byAnswer.notBeforeMs),
    key: {
      // Asked anew each time: the issuer may withdraw the key at any moment.
      get trustedUntilMs() {
        return Math.min(byKey.key.trustedUntilMs, byAnswer.key.trustedUntilMs)
      },
    },
  }
}
