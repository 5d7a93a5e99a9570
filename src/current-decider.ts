/** The decider in force, and how another one takes its place without a check being lost. Part of the composition root. */
import { isDeepStrictEqual } from 'node:util'
import type { Allow, Check } from './check/index.js'
import { revocationClaims, type GateConfig } from './config/index.js'
import { within } from './deadline.js'
import {
  createDecider,
  succeedingDecider,
  type Decider,
  type DeciderDependencies,
} from './decider.js'
import { clock } from './real-clock.js'
import type { RevocationService } from './revocation/index.js'

/** How long the first keys of new issuers are waited for before the configuration that names them is in force. */
const keysPatienceMs = 5_000

/** Decides by the configuration in force. */
export class CurrentDecider {
  /** Asks the decider in force. A check that began with another one ends with that one. */
  readonly check: Check
  #decider: Decider
  readonly #dependencies: DeciderDependencies
  readonly #revocation: RevocationService | undefined
  /** Doors prepare an answer a moment after its decision: it removes what the configuration of then says. */
  readonly #managedHeaders = new WeakMap<Allow['route'], readonly string[]>()

  constructor(
    config: GateConfig,
    dependencies: DeciderDependencies,
    revocation: RevocationService | undefined,
  ) {
    this.#dependencies = dependencies
    this.#revocation = revocation
    this.#decider = createDecider(config, dependencies)
    this.#noteManagedHeaders(config)
    this.check = Object.assign((request: Parameters<Check>[0]) => this.#decider.check(request), {
      refuse: (reason: Parameters<Check['refuse']>[0]) => this.#decider.check.refuse(reason),
    })
  }

  /** Loads the first keys and keeps them fresh. */
  start(): void {
    this.#decider.keySets.start()
  }

  /** Stops refreshing keys. */
  stop(): void {
    this.#decider.keySets.stop()
  }

  /** The one in force. */
  get now(): Decider {
    return this.#decider
  }

  /** Every header, in every spelling, that only Scopegate may send upstream with an allow. */
  managedHeaders(allow: Allow): readonly string[] {
    const names = this.#managedHeaders.get(allow.route)
    if (names === undefined) throw new TypeError('the route is of no configuration')
    return names
  }

  /**
   * Puts another configuration in force, all at once. Waits a bounded time for keys that are not known yet. Rejects when
   * the file of revocations cannot be read for its issuers; then nothing has changed.
   */
  async use(changed: GateConfig): Promise<void> {
    const before = this.#decider
    const config = this.#revocation === undefined ? changed : withRevocationClaims(changed)
    const next = succeedingDecider(config, before, this.#dependencies)
    next.keySets.start()
    await within(clock, keysPatienceMs, next.keySets.firstLoads(), undefined)
    try {
      // Last of all: what is revoked is asked by the names of the decider in force.
      if (!isDeepStrictEqual(namesOf(config), namesOf(before.config))) {
        await this.#revocation?.useIssuers(config.trustedIssuers)
      }
    } catch (fault) {
      next.keySets.discard()
      throw fault
    }
    this.#noteManagedHeaders(config)
    this.#decider = next
    next.keySets.succeed(before.keySets)
    next.tokenCache.forgetRejections()
  }

  #noteManagedHeaders({ policy, managedHeaders }: GateConfig): void {
    for (const route of policy.routes) this.#managedHeaders.set(route, managedHeaders)
  }
}

/** Revocation is of the start: it goes on whether or not the configuration still has it, and has to know tokens. */
function withRevocationClaims(config: GateConfig): GateConfig {
  return { ...config, neededClaims: [...new Set([...config.neededClaims, ...revocationClaims])] }
}

/** What revocation knows of issuers. */
function namesOf({ trustedIssuers }: GateConfig): readonly (readonly [string, string, number])[] {
  return trustedIssuers.map(({ id, issuer, clockToleranceMs }) => [id, issuer, clockToleranceMs])
}
