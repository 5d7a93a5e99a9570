/** The part of the composition root that builds introspection: its network, its files, and who is told. */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { GateConfig } from './config/index.js'
import type { Telemetry } from './create-revocation.js'
import { IssuerIntrospection } from './introspection/index.js'
import type { Clock, Fetch, KeySets } from './jwks/index.js'
import { fetchByAuthority } from './source-fetch.js'
import type { Log } from './telemetry/index.js'
import { TokenCache } from './token/index.js'

/**
 * The introspection of every issuer that has one. Starts nothing: issuers are asked when tokens come. What `before` gives
 * for an issuer, of whose entry nothing has changed, hands over its circuit and its limits.
 */
export function createIntrospections(
  { introspections, neededClaims }: GateConfig,
  world: { readonly clock: Clock; readonly fetch: Fetch; readonly keySets: KeySets },
  log: Log,
  telemetry: () => Telemetry,
  before: (issuerId: string) => IssuerIntrospection | undefined,
): readonly IssuerIntrospection[] {
  const { clock, keySets } = world
  return introspections.map(
    (options) =>
      new IssuerIntrospection(
        options,
        {
          clock,
          fetchFor: ({ caFile }) =>
            caFile === undefined
              ? world.fetch
              : async (url, init) => await fetchByAuthority(url, init, await readFile(caFile)),
          readFile: (path) => readFile(path),
          randomId: randomUUID,
          hashOf: (accessToken) => TokenCache.keyOf(accessToken),
          findKeys: (issuerId, kid, algorithm) => keySets.find(issuerId, kid, algorithm),
          neededClaims,
          observer: {
            asked: (issuer, result, seconds) => {
              telemetry().metrics.introspected(issuer, result, seconds)
            },
            failing: (issuer, fault) => {
              log.warn('introspection failed', { issuer, fault })
            },
            circuit: (issuer, fault, whose) => {
              if (fault === undefined) log.info('introspection works again', { issuer })
              else log.warn('introspection is suspended', { issuer, fault, tokens: whose })
            },
          },
        },
        before(options.issuerId),
      ),
  )
}
