/**
 * Issuers that are one but for a tenant: a template with one placeholder, and the claim that has to say the same tenant
 * (ADR 0021).
 *
 * The rules are:
 *   - everything but the placeholder is compared code point by code point (RFC 8414 section 3.3): another case, port,
 *     encoding, slash or host is another issuer;
 *   - the placeholder is one whole path segment, of a form that has neither dots nor `%`, and never empty;
 *   - the tenant of `iss` must be the value of the bound claim, exactly, and one of the allowed ones where there is a list;
 *   - a template trusts nobody by itself: its own text is no issuer;
 *   - the cost of a look-up depends on the depth of `iss`, not on the number of templates.
 */
import type { RejectionReason } from './rejection.js'

/** A template, taken apart at its placeholder. */
export interface IssuerTemplate {
  /** What comes before the placeholder; ends with a slash. */
  readonly prefix: string
  /** What comes after it: nothing, or a slash and more. */
  readonly suffix: string
  /** What a tenant looks like, from its first to its last character; matches nothing that has a slash. */
  readonly tenantForm: RegExp
  /** The claim that has to say the same tenant, out of a token's claims. */
  readonly boundClaim: (claims: Readonly<Record<string, unknown>>) => unknown
  /** The only tenants that are trusted; undefined for all. */
  readonly allowedTenants: ReadonlySet<string> | undefined
}

const maxLength = 1_024
/** A deeper `iss` is of no template; so that a token cannot make a look-up long. */
const maxSlashes = 16

/** Why a token is not one of the template's issuer, or undefined when it is. Does not verify the token. */
export function tenantRejection(
  { prefix, suffix, boundClaim, allowedTenants }: IssuerTemplate,
  iss: string,
  claims: Readonly<Record<string, unknown>>,
): RejectionReason | undefined {
  const tenant = iss.slice(prefix.length, iss.length - suffix.length)
  if (allowedTenants?.has(tenant) === false) return 'unknown_issuer'
  return boundClaim(claims) === tenant ? undefined : 'tenant_mismatch'
}

/** Finds who has the template that an `iss` is made of. */
export class TemplateTable<T extends { readonly template: IssuerTemplate }> {
  readonly #byParts = new Map<string, T>()

  /** At most one owner for an `iss`: the configuration refuses templates that overlap. */
  constructor(owners: readonly T[]) {
    for (const owner of owners) {
      this.#byParts.set(keyOf(owner.template.prefix, owner.template.suffix), owner)
    }
  }

  /** The owner of the template that the `iss` is made of, or undefined. Looks at no claim but `iss`. */
  find(iss: string): T | undefined {
    if (this.#byParts.size === 0 || iss.length > maxLength) return undefined
    let slashAt = iss.indexOf('/')
    for (let slashes = 0; slashAt >= 0 && slashes < maxSlashes; slashes++) {
      const nextAt = iss.indexOf('/', slashAt + 1)
      const end = nextAt < 0 ? iss.length : nextAt
      const owner = this.#byParts.get(keyOf(iss.slice(0, slashAt + 1), iss.slice(end)))
      if (owner !== undefined && owner.template.tenantForm.test(iss.slice(slashAt + 1, end))) {
        return owner
      }
      slashAt = nextAt
    }
    return undefined
  }
}

/** A line feed is in no template. */
function keyOf(prefix: string, suffix: string): string {
  return `${prefix}\n${suffix}`
}
