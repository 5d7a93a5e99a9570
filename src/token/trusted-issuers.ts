/**
 * Which configured issuer a token says it is of, found before anything in it is verified.
 *
 * The rules are: an issuer that is configured by its exact name goes before every template, and what an entry with a
 * template refuses by name is no tenant of it; which one is found decides on the keys, so that keys of one issuer never
 * verify a token that says another (RFC 8725 section 3.8).
 */
import type { JwsAlgorithm, VerificationKey } from '../jwks/index.js'
import { TemplateTable, tenantRejection, type IssuerTemplate } from './issuer-template.js'
import type { RejectionReason } from './rejection.js'
import { rulesOf, type TokenRules } from './token-rules.js'
import type { TokenTypes } from './token-type.js'

/** An authorization server whose access tokens are accepted, and by which rules. */
export interface TrustedIssuer {
  /** The configuration's name. */
  readonly id: string
  /** Compared with `iss` code point by code point (RFC 8414 section 3.3); the text of the template where there is one. */
  readonly issuer: string
  readonly algorithms: ReadonlySet<JwsAlgorithm>
  readonly tokenTypes: TokenTypes
  readonly clockToleranceMs: number
  /** Nothing more when left out. */
  readonly rules?: TokenRules
  /** For an issuer that is one for each tenant; its own text is then no issuer. */
  readonly template?: IssuerTemplate | undefined
  /** Whether a key serves only the issuer that it names in the JWKS. */
  readonly honoursKeyIssuer?: boolean
  /** Whether the parts of a token may be padded. */
  readonly toleratesPadding?: boolean
}

/** The issuer of a token, or why there is none. */
export type IssuerSearch =
  | {
      readonly kind: 'trusted'
      readonly issuer: TrustedIssuer
      /** The `iss` that a template was filled in to; undefined for an issuer with one name. */
      readonly tenantIssuer: string | undefined
    }
  | {
      readonly kind: 'rejected'
      readonly reason: RejectionReason
      readonly issuer: TrustedIssuer | undefined
    }

type TemplatedIssuer = TrustedIssuer & { readonly template: IssuerTemplate }

/** All trusted issuers. A look-up costs the same for five and for thousands. */
export class TrustedIssuers {
  readonly #exact: ReadonlyMap<string, TrustedIssuer>
  readonly #templates: TemplateTable<TemplatedIssuer>
  /** Names of the same providers by which they mark tokens that are for themselves alone. */
  readonly #foreign: ReadonlyMap<string, TrustedIssuer>

  constructor(issuers: readonly TrustedIssuer[]) {
    const exact = issuers.filter(({ template }) => template === undefined)
    this.#exact = new Map(exact.map((issuer) => [issuer.issuer, issuer]))
    this.#foreign = new Map(
      issuers.flatMap((issuer) =>
        rulesOf(issuer).refusedIssuers.map((iss) => [iss, issuer] as const),
      ),
    )
    this.#templates = new TemplateTable(issuers.filter(isTemplated))
  }

  /** Finds the issuer by `iss` and, for a template, by the claim that is bound to it. Never throws. */
  find(claims: Readonly<Record<string, unknown>>): IssuerSearch {
    const { iss } = claims
    if (iss === undefined) return rejected('missing_claim')
    if (typeof iss !== 'string') return rejected('unknown_issuer')
    const exact = this.#exact.get(iss)
    if (exact !== undefined) return { kind: 'trusted', issuer: exact, tenantIssuer: undefined }
    const issuer = this.#templates.find(iss)
    if (issuer === undefined) return this.#notOurs(iss)
    if (rulesOf(issuer).refusedIssuers.includes(iss)) {
      return rejected('token_not_for_third_parties', issuer)
    }
    const reason = tenantRejection(issuer.template, iss, claims)
    if (reason !== undefined) return rejected(reason, issuer)
    return { kind: 'trusted', issuer, tenantIssuer: iss }
  }

  #notOurs(iss: string): IssuerSearch {
    const issuer = this.#foreign.get(iss)
    return issuer === undefined
      ? rejected('unknown_issuer')
      : rejected('token_not_for_third_parties', issuer)
  }
}

/**
 * Those of the keys that may verify tokens of this issuer. Where the issuer of each key counts, a key that names the
 * template serves every tenant, one that names an issuer serves this one only, and one that names none serves nobody.
 */
export function keysOfIssuer(
  { issuer, honoursKeyIssuer }: Pick<TrustedIssuer, 'issuer' | 'honoursKeyIssuer'>,
  tenantIssuer: string | undefined,
  keys: readonly VerificationKey[],
): readonly VerificationKey[] {
  if (honoursKeyIssuer !== true) return keys
  // Fail closed: a key of another tenant, or of nobody knows whom, would speak for all of them.
  return keys.filter((key) => {
    const { issuer: named } = key
    return named !== undefined && (named === issuer || named === tenantIssuer)
  })
}

function isTemplated(issuer: TrustedIssuer): issuer is TemplatedIssuer {
  return issuer.template !== undefined
}

function rejected(reason: RejectionReason, issuer?: TrustedIssuer): IssuerSearch {
  return { kind: 'rejected', reason, issuer }
}
