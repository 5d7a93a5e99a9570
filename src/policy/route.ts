/** The policy as the check reads it: protected resources and their routes. Data only. */
import type { Delegation, SubjectType } from './caller.js'
import type { JsonPointer } from './json-pointer.js'
import type { RouteBindings } from './route-bindings.js'
import type { Requirement } from './requirement.js'

/** A header that the upstream gets, and the claim its value comes from. */
export interface UpstreamHeader {
  /** Lower case. */
  readonly name: string
  readonly claim: JsonPointer
}

/** A protected resource in OAuth's sense (RFC 8707, RFC 9728). */
export interface ProtectedResource {
  readonly id: string
  readonly realm: string
  /** At least one; an access token must name one of them in `aud` (RFC 9068 section 4). */
  readonly audiences: ReadonlySet<string>
  /** Ids of the issuers accepted here. */
  readonly issuers: ReadonlySet<string>
  readonly upstreamHeaders: readonly UpstreamHeader[]
  /** URL of the resource's RFC 9728 document, for the challenge. */
  readonly metadataUrl: string | undefined
  /** Id of the issuer whose an opaque token is that shows nobody's prefix; undefined when there is none. */
  readonly opaqueIssuer?: string | undefined
  /** Whether one of the issuers accepted here pads the parts of its tokens. */
  readonly allowsPaddedParts?: boolean
}

/** One route, with what it takes to pass it. */
export interface Route {
  /** Unique in its resource. */
  readonly id: string
  /** `resource/route`: unique in the configuration; the metric label and the name in logs. */
  readonly qualifiedId: string
  readonly resource: ProtectedResource
  readonly access: 'public' | 'authenticated' | 'restricted'
  /** Empty unless access is `restricted`. */
  readonly requirement: Requirement
  /** What the challenge names in `scope`. */
  readonly challengeScopes: readonly string[]
  /** How a JWT is checked here, in place of what its issuer says. */
  readonly tokenCheck?: 'jwt' | 'introspection' | 'both' | undefined
  /** What the request itself decides about; undefined where it does not. */
  readonly bindings?: RouteBindings
  /** Tokens with which somebody acts for the subject; refused when it is left out. */
  readonly delegation?: Delegation
  /** Who the subject has to be; either when it is left out. */
  readonly subjectType?: SubjectType
}
