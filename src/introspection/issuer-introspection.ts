/**
 * The introspection of one issuer: what is asked, when it is not asked, and what is remembered of its health.
 *
 * The rules are:
 *   - an answer that cannot be used is a fault and never a verdict on the token: 503, not invalid_token (ADR 0024);
 *   - the endpoint from metadata is found once and kept for an hour, and looked up again after a fault;
 *   - the circuit is looked at twice: before waiting for a turn, and when the turn has come;
 *   - another configuration does not make an issuer healthy, nor a known token new (ADR 0025).
 */
import { describeFault, discoverUrl, type Fetch, type KeySearch } from '../jwks/index.js'
import type { Clock, JwtVerification } from '../token/index.js'
import type { JwsAlgorithm } from '../jwks/index.js'
import { askEndpoint, membersOf, QuestionRefused } from './ask-endpoint.js'
import type { CircuitState } from './circuit-breaker.js'
import { clientCredentials } from './client-authentication.js'
import type { IntrospectionObserver } from './observer.js'
import type { IntrospectionOptions } from './options.js'
import { NewTokenBudget, Turnstile } from './question-limits.js'
import { verifyResponse } from './response-claims.js'
import { verifySignedResponse } from './signed-response.js'
import { TokenCircuits, type AskedToken } from './token-circuits.js'

/** What introspection needs from outside. */
export interface IntrospectionDependencies {
  readonly clock: Pick<Clock, 'wallMs' | 'monotonicMs'>
  readonly fetchFor: (options: IntrospectionOptions) => Fetch
  readonly readFile: (path: string) => Promise<Buffer>
  readonly randomId: () => string
  readonly hashOf: (accessToken: string) => string
  readonly findKeys: (
    issuerId: string,
    kid: string | undefined,
    algorithm: JwsAlgorithm,
  ) => KeySearch | Promise<KeySearch>
  readonly neededClaims: readonly string[]
  readonly observer: IntrospectionObserver
}

/** A verification, and what the answer said that is compared with a JWT. */
export interface Introspected {
  readonly verification: JwtVerification
  /** The members of an answer whose token is active. */
  readonly members?: Readonly<Record<string, unknown>>
}

const endpointMs = 3_600_000

/** How an endpoint fares, and how much it is asked: of the endpoint, not of the configuration. */
interface Standing {
  readonly circuits: TokenCircuits
  readonly budget: NewTokenBudget
  readonly turnstile: Turnstile
  endpoint: { readonly url: Promise<string>; readonly foundAtMs: number } | undefined
  lastFault: string | undefined
}

/** Asks one issuer, and knows how it fares. */
export class IssuerIntrospection {
  readonly options: IntrospectionOptions
  readonly #dependencies: IntrospectionDependencies
  readonly #standing: Standing
  readonly #fetch: Fetch

  /**
   * `before` is what asked by the same options until now: its circuit, its limits and what it found out go on, for both as
   * long as checks of before are under way.
   */
  constructor(
    options: IntrospectionOptions,
    dependencies: IntrospectionDependencies,
    before?: IssuerIntrospection,
  ) {
    this.options = options
    this.#dependencies = dependencies
    const { monotonicMs } = dependencies.clock
    this.#standing =
      before === undefined
        ? {
            circuits: new TokenCircuits(),
            budget: new NewTokenBudget(options.maxNewTokensPerSecond, monotonicMs),
            turnstile: new Turnstile(options.maxConcurrent),
            endpoint: undefined,
            lastFault: undefined,
          }
        : before.#standing
    this.#fetch = dependencies.fetchFor(options)
  }

  /** One line for operators, or undefined while all is well. */
  get lastFault(): string | undefined {
    return this.#standing.lastFault
  }

  /** What the circuit lets through. */
  get circuit(): CircuitState {
    return this.#standing.circuits.state
  }

  /** Asks about a token. `isBesideJwt` says that a JWT of the same token was verified. Never rejects. */
  async introspect(
    accessToken: string,
    mayWait: (isNew: boolean) => boolean,
    isBesideJwt: boolean,
  ): Promise<Introspected> {
    const { issuerId } = this.options
    const hash = this.#dependencies.hashOf(accessToken)
    // Nobody can make up tokens with a good signature, so a flood of made-up ones must not stand in their way.
    const isNew = !isBesideJwt && !this.#standing.budget.wasActive(hash)
    const asked = { hash, isNew }
    if (this.#standing.circuits.isShut(this.#now(), asked)) return this.#notAsked('circuit_open')
    if (isNew && !this.#standing.budget.take()) return this.#notAsked('limited')
    if (!mayWait(isNew)) {
      return { verification: { authentication: { kind: 'overloaded', issuerId } } }
    }
    return await this.#standing.turnstile.pass(isNew, async () => {
      if (!this.#standing.circuits.mayAsk(this.#now(), asked)) return this.#notAsked('circuit_open')
      const startedAtMs = this.#now()
      try {
        const members = await this.#ask(accessToken)
        if (this.#standing.circuits.succeeded()) {
          this.#dependencies.observer.circuit(issuerId, undefined)
        }
        this.#standing.lastFault = undefined
        return this.#concluded(members, { hash, startedAtMs, isBesideJwt })
      } catch (error) {
        return this.#failed(error, startedAtMs, asked)
      }
    })
  }

  #concluded(
    members: Readonly<Record<string, unknown>>,
    asked: { hash: string; startedAtMs: number; isBesideJwt: boolean },
  ): Introspected {
    const { clock, neededClaims, observer } = this.#dependencies
    const verification = verifyResponse(members, this.options, {
      wallMs: clock.wallMs(),
      // From the question on: the issuer may have looked at any time since.
      monotonicMs: asked.startedAtMs,
      neededClaims,
      isBesideJwt: asked.isBesideJwt,
    })
    const isActive = members['active'] === true
    this.#standing.budget.learn(asked.hash, isActive)
    const isVerified = verification.authentication.kind === 'verified'
    const result = isVerified ? 'active' : isActive ? 'refused' : 'inactive'
    observer.asked(this.options.issuerId, result, this.#secondsSince(asked.startedAtMs))
    return isVerified ? { verification, members } : { verification }
  }

  async #ask(accessToken: string): Promise<Readonly<Record<string, unknown>>> {
    const { options } = this
    const { clock, findKeys } = this.#dependencies
    const credentials = await clientCredentials(options.authentication, options.issuer, {
      ...this.#dependencies,
      wallMs: clock.wallMs,
    })
    const endpoint = await this.#findEndpoint()
    const { requiresSignature: signed, timeoutMs, maxResponseBytes, allowInsecure } = options
    const body = await askEndpoint(
      { endpoint, accessToken, credentials, signed, timeoutMs, maxResponseBytes, allowInsecure },
      this.#fetch,
    )
    if (!signed) return membersOf(body)
    return await verifySignedResponse(body, {
      issuer: options.issuer,
      clientId: options.authentication.clientId,
      algorithms: options.algorithms,
      honoursKeyIssuer: options.honoursKeyIssuer,
      clockToleranceMs: options.clockToleranceMs,
      nowMs: clock.wallMs(),
      findKeys: (kid, algorithm) => findKeys(options.issuerId, kid, algorithm),
    })
  }

  async #findEndpoint(): Promise<string> {
    const { endpoint, issuer, timeoutMs, allowInsecure } = this.options
    if (endpoint !== undefined) return endpoint
    const known = this.#standing.endpoint
    if (known !== undefined && this.#now() < known.foundAtMs + endpointMs) return await known.url
    const limits = { fetch: this.#fetch, timeoutMs, allowInsecure }
    const url = discoverUrl(issuer, 'introspection_endpoint', limits)
    this.#standing.endpoint = { url, foundAtMs: this.#now() }
    return await url
  }

  #failed(error: unknown, startedAtMs: number, asked: AskedToken): Introspected {
    const { observer } = this.#dependencies
    const { issuerId } = this.options
    const fault = describeFault(error)
    const isFirst = this.#standing.lastFault === undefined
    this.#standing.lastFault = fault
    this.#standing.endpoint = undefined
    if (error instanceof QuestionRefused) {
      // Or tokens that the endpoint does not like would shut it for everybody.
      if (this.#standing.circuits.succeeded()) observer.circuit(issuerId, undefined)
      if (isFirst) observer.failing(issuerId, fault)
    } else {
      const failed = this.#standing.circuits.failed(this.#now(), startedAtMs, asked)
      if (failed.isFirst) observer.failing(issuerId, fault)
      if (failed.opened !== undefined) observer.circuit(issuerId, fault, failed.opened)
    }
    observer.asked(issuerId, 'failed', this.#secondsSince(startedAtMs))
    // Fail closed, and do not blame the token for an outage.
    return { verification: { authentication: { kind: 'introspection_unavailable', issuerId } } }
  }

  #notAsked(result: 'circuit_open' | 'limited'): Introspected {
    const { issuerId } = this.options
    this.#dependencies.observer.asked(issuerId, result, undefined)
    const kind = result === 'limited' ? 'overloaded' : 'introspection_unavailable'
    return { verification: { authentication: { kind, issuerId } } }
  }

  #secondsSince(startedAtMs: number): number {
    return (this.#now() - startedAtMs) / 1_000
  }

  #now(): number {
    return this.#dependencies.clock.monotonicMs()
  }
}
