/**
 * Which way an access token goes before it is trusted: verified here, or asked about at one issuer. Declared here and decided
 * by `introspection/`, so that a gate without introspection has nothing of it.
 */
import type { Authentication } from './access-token.js'
import type { JwtVerification } from './verify-jwt.js'

/**
 * How a JWT is checked: by its signature, by introspection, or by both. An opaque token can only be introspected, so
 * `both` refuses it.
 */
export type TokenCheck = 'jwt' | 'introspection' | 'both'

/** What the route that was asked for says of access tokens. */
export interface TokenDemand {
  /** In place of what the token's issuer says; undefined leaves it to the issuer. */
  readonly tokenCheck?: TokenCheck | undefined
  readonly resource: {
    /** Ids of the issuers accepted here. */
    readonly issuers: ReadonlySet<string>
    /** Whose an opaque token is that shows nobody's prefix; undefined when there is no such issuer. */
    readonly opaqueIssuer?: string | undefined
  }
}

/** The way of one token. One shared object for each way: routing allocates nothing. */
export interface TokenRouting {
  /** Part of the name in the cache, so that what one issuer said of a token never counts as another's word. */
  readonly cacheSuffix: string
  /** Set when the token is refused without anybody being asked. */
  readonly refusal: Authentication | undefined
  /** The issuer that is asked about the token; undefined for a JWT, which names its issuer itself. */
  readonly opaqueOf: string | undefined
  /** What the route says of JWTs. */
  readonly tokenCheck: TokenCheck | undefined
}

/** Finds the way of a token by its form alone. Verifies nothing, never throws, never waits. */
export type RouteToken = (accessToken: string, demand: TokenDemand) => TokenRouting

/**
 * Finds out whether a token is to be trusted. `mayWait` is asked, with the name of a waiting room, before something is
 * waited for. Rejects only on faults of ours.
 */
export type VerifyToken = (
  accessToken: string,
  mayWait: (room: string) => boolean,
  routing: TokenRouting | undefined,
) => Promise<JwtVerification>

/** A waiting room of an issuer's introspection; new tokens, which may be made up, have one of their own. */
export function introspectionRoom(issuerId: string, isNew: boolean): string {
  return `${isNew ? 'new' : 'known'}\n${issuerId}` // No id has a line break; the id alone is the room of the keys.
}
