/**
 * Which way a token goes, by its form alone. A token is shown to one issuer and to no other: nobody is tried in turn.
 *
 * The rules are, in their order:
 *   - a token with the prefix of an issuer is that issuer's;
 *   - a token of three parts is a JWT, and its `iss` says whose it is (a prefix that a JWT can start with is refused in the
 *     configuration);
 *   - every other token is of the issuer that the resource has for opaque tokens; without one it is no token here;
 *   - an issuer that the resource does not accept is not asked at all.
 */
import type { RejectionReason, RouteToken, TokenCheck, TokenRouting } from '../token/index.js'
import type { IntrospectionOptions } from './options.js'

/** Builds the routing for the issuers that can be asked. */
export function createRouteToken(issuers: readonly IntrospectionOptions[]): RouteToken {
  const prefixed = issuers.flatMap(({ tokenPrefix: prefix, issuerId }) =>
    prefix === undefined ? [] : [{ prefix, issuerId }],
  )
  const opaque = new Map(issuers.map((options) => [options.issuerId, opaqueRoutings(options)]))
  const jwt = {
    issuers: jwtRouting('', undefined),
    jwt: jwtRouting('\njwt', 'jwt'),
    introspection: jwtRouting('\nintrospection', 'introspection'),
    both: jwtRouting('\nboth', 'both'),
  } as const
  const nobodys = refusal('malformed_token', undefined)

  return function routeToken(accessToken, { tokenCheck, resource }) {
    let issuerId: string | undefined
    for (const one of prefixed) {
      if (accessToken.startsWith(one.prefix)) issuerId = one.issuerId
    }
    if (issuerId === undefined) {
      if (hasThreeParts(accessToken)) return jwt[tokenCheck ?? 'issuers']
      issuerId = resource.opaqueIssuer
    }
    const routings = issuerId === undefined ? undefined : opaque.get(issuerId)
    if (issuerId === undefined || routings === undefined) return nobodys
    if (!resource.issuers.has(issuerId)) return routings.unaccepted
    return tokenCheck === 'both' ? routings.noJwt : routings[tokenCheck ?? 'issuers']
  }
}

interface OpaqueRoutings {
  readonly issuers: TokenRouting
  readonly jwt: TokenRouting
  readonly introspection: TokenRouting
  readonly noJwt: TokenRouting
  readonly unaccepted: TokenRouting
}

function opaqueRoutings({ issuerId, tokenCheck }: IntrospectionOptions): OpaqueRoutings {
  const asked: TokenRouting = {
    cacheSuffix: `\n${issuerId}`,
    refusal: undefined,
    opaqueOf: issuerId,
    tokenCheck: undefined,
  }
  const noJwt = refusal('malformed_token', issuerId)
  return {
    issuers: tokenCheck === 'both' ? noJwt : asked,
    jwt: asked,
    introspection: asked,
    noJwt,
    unaccepted: refusal('unknown_issuer', issuerId),
  }
}

function jwtRouting(cacheSuffix: string, tokenCheck: TokenCheck | undefined): TokenRouting {
  return { cacheSuffix, refusal: undefined, opaqueOf: undefined, tokenCheck }
}

function refusal(reason: RejectionReason, issuerId: string | undefined): TokenRouting {
  return {
    cacheSuffix: '',
    refusal: { kind: 'rejected', reason, issuerId },
    opaqueOf: undefined,
    tokenCheck: undefined,
  }
}

function hasThreeParts(accessToken: string): boolean {
  const first = accessToken.indexOf('.')
  if (first < 0) return false
  const second = accessToken.indexOf('.', first + 1)
  return second >= 0 && !accessToken.includes('.', second + 1)
}
