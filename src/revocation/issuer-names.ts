/**
 * How revocations name issuers: by the configuration's id or by `iss`, which is the same in every configuration; and how
 * much longer than until its `exp` a token of each is accepted.
 */

/** An issuer, as far as revocations have to know it. */
export interface NamedIssuer {
  readonly id: string
  readonly issuer: string
  readonly clockToleranceMs?: number
}

/** The names of the configured issuers. */
export class IssuerNames {
  readonly #issuers = new Map<string, string>()
  readonly #ids = new Map<string, string>()
  readonly #tolerances = new Map<string, number>()

  constructor(issuers: readonly NamedIssuer[]) {
    this.replace(issuers)
  }

  /** Other issuers are configured from now on. */
  replace(issuers: readonly NamedIssuer[]): void {
    this.#issuers.clear()
    this.#ids.clear()
    this.#tolerances.clear()
    for (const { id, issuer, clockToleranceMs = 0 } of issuers) {
      this.#issuers.set(id, issuer)
      this.#ids.set(issuer, id)
      this.#tolerances.set(id, clockToleranceMs)
    }
  }

  /** The id of the issuer that people mean: an id goes before an `iss` of the same spelling. */
  idOf(name: string): string | undefined {
    return this.#issuers.has(name) ? name : this.#ids.get(name)
  }

  /** The id of the issuer with this `iss`. */
  idOfIss(iss: string): string | undefined {
    return this.#ids.get(iss)
  }

  /** The `iss` of an id. Throws for one that is not configured. */
  issOf(id: string): string {
    const iss = this.#issuers.get(id)
    if (iss === undefined) throw new TypeError(`no issuer has the id ${id}`)
    return iss
  }

  /** How long after its `exp` a token of this issuer is still accepted, in milliseconds. */
  toleranceMsOf(id: string): number {
    return this.#tolerances.get(id) ?? 0
  }

  /** Every id, for hints. */
  get ids(): readonly string[] {
    return [...this.#issuers.keys()]
  }
}
