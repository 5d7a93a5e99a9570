/** What is known of an access token after its verification. */
import type { RejectionReason } from './rejection.js'

/** An access token whose signature, issuer, type, time and form have been verified, and nothing more. */
export interface VerifiedAccessToken {
  /** The configuration's name for the issuer. */
  readonly issuerId: string
  /** The `iss` itself, for an issuer that is one for each tenant: a subject means something only together with it. */
  readonly tenantIssuer?: string | undefined
  readonly subject: string | undefined
  readonly audiences: readonly string[]
  /** Names no audience, and its issuer's configuration says that this one's tokens need none. Missing means no. */
  readonly isAudienceWaived?: boolean
  /** Whether the token is bound to a key; the binding itself has not been checked. */
  readonly isSenderConstrained: boolean
  /** Of the key that verified the signature, as the issuer publishes it; undefined of an introspected token. */
  readonly kid: string | undefined
  /** The claims that the configuration asks for; all others were forgotten. */
  readonly claims: Readonly<Record<string, unknown>>
  /**
   * For whoever decides on the token, to keep what was made of it. It is here because V8 lets no value of a WeakMap go
   * before it has looked through the whole heap: each token that came once then grew old in it (ADR 0030).
   */
  memory?: unknown
}

/** An access token as it was sent: it has the form of one only when it has a text. */
export interface SentToken {
  /** All of it, as text or as octets that must not be kept. */
  readonly sent: string | Uint8Array
  /** Whether it is no token68 but three padded parts, which only some routes allow. */
  readonly isPadded: boolean
  /** The token; undefined for what is none by its form. */
  text(): string | undefined
}

/** What authenticating an access token ends with. `issuerId` is missing while the issuer is not a configured one. */
export type Authentication =
  | { readonly kind: 'verified'; readonly token: VerifiedAccessToken }
  | {
      readonly kind: 'rejected'
      readonly reason: RejectionReason
      readonly issuerId: string | undefined
    }
  | { readonly kind: 'unavailable'; readonly issuerId: string; readonly cause: unknown }
  /** The issuer could not be asked about the token: nothing is known of it. */
  | { readonly kind: 'introspection_unavailable'; readonly issuerId: string }
  /** It has not the form of an access token. */
  | { readonly kind: 'malformed_credentials' }
  /** Too many wait for the keys of this issuer or, without an issuer, for signatures; this one was not begun. */
  | { readonly kind: 'overloaded'; readonly issuerId: string | undefined }
