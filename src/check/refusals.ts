/** Makes refusals, each only once: a flood of bad requests costs a look-up, not a new answer each time. */
import type { Challenge } from '../bearer/index.js'
import type { Route } from '../policy/index.js'
import type { DecisionLabels, Principal, Refusal } from './decision.js'
import { reasonAnswers, type Reason } from './reason.js'

/** As many combinations are counted apart: more than a Prometheus is fond of, and little memory. */
const defaultMaxLabels = 20_000
/** The issuer of what is not counted apart. No id looks like this. */
const otherIssuers = '_other'

/**
 * One label object for each combination of values. Forged tokens can name every issuer on every route: when there are
 * `maxLabels` combinations the next ones are counted under the issuer `_other`, so that memory and series stay bounded.
 */
export class LabelRegistry {
  readonly #labels = new Map<string, DecisionLabels>()
  readonly #maxLabels: number

  constructor(maxLabels: number = defaultMaxLabels) {
    this.#maxLabels = maxLabels
  }

  /** The label object of these values. */
  get(
    decision: DecisionLabels['decision'],
    reason: DecisionLabels['reason'],
    route: Route | undefined,
    issuerId: string | undefined,
  ): DecisionLabels {
    const routeId = route?.qualifiedId ?? 'none'
    const issuer = issuerId ?? 'none'
    const key = `${decision}\n${reason}\n${routeId}\n${issuer}`
    let labels = this.#labels.get(key)
    if (labels === undefined) {
      const isFull = this.#labels.size >= this.#maxLabels
      if (isFull && issuer !== 'none' && issuer !== otherIssuers) {
        return this.get(decision, reason, route, otherIssuers)
      }
      labels = { decision, reason, route: routeId, issuer }
      this.#labels.set(key, labels)
    }
    return labels
  }
}

/** The refusals that do not depend on a token's content, by route, reason and issuer. */
export class Refusals {
  readonly #labels: LabelRegistry
  readonly #withoutRoute = new Map<string, Refusal>()
  readonly #byRoute = new WeakMap<Route, Map<string, Refusal>>()

  constructor(labels: LabelRegistry) {
    this.#labels = labels
  }

  /** The shared refusal of a reason. */
  get(reason: Reason, route?: Route, issuerId?: string): Refusal {
    const refusals = route === undefined ? this.#withoutRoute : this.#ofRoute(route)
    const key = `${reason}\n${issuerId ?? 'none'}`
    let refusal = refusals.get(key)
    if (refusal === undefined) {
      refusal = this.create(reason, route, issuerId, undefined)
      const counted = `${reason}\n${refusal.labels.issuer}`
      refusal = refusals.get(counted) ?? refusal
      refusals.set(counted, refusal)
    }
    return refusal
  }

  #ofRoute(route: Route): Map<string, Refusal> {
    let refusals = this.#byRoute.get(route)
    if (refusals === undefined) {
      refusals = new Map()
      this.#byRoute.set(route, refusals)
    }
    return refusals
  }

  /** A refusal that tells who was refused. */
  create(
    reason: Reason,
    route: Route | undefined,
    issuerId: string | undefined,
    principal: Principal | undefined,
  ): Refusal {
    const { outcome } = reasonAnswers[reason]
    const decision = outcome === 'deny' ? 'deny' : 'error'
    return {
      outcome,
      labels: this.#labels.get(decision, reason, route, issuerId),
      reason,
      route,
      principal,
      challenge: route === undefined ? undefined : challengeOf(reason, route),
      answers: undefined,
    }
  }
}

/** The challenge of a reason on a route (RFC 6750 section 3.1), or undefined where there is none. */
function challengeOf(reason: Reason, route: Route): Challenge | undefined {
  const { error, description } = reasonAnswers[reason]
  if (error === null) return undefined
  const namesScopes = reason === 'missing_token' || reason === 'insufficient_scope'
  const { realm, metadataUrl } = route.resource
  return {
    realm,
    ...(error === undefined ? {} : { error, errorDescription: description }),
    ...(namesScopes ? { scopes: route.challengeScopes } : {}),
    ...(metadataUrl === undefined ? {} : { resourceMetadata: metadataUrl }),
  }
}
