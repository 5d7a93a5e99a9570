/**
 * Key sets with a clock that the test moves and a network that the test answers for: every request waits until the
 * test lets it go, unless an answer was laid out beforehand.
 */
import {
  KeySets,
  type IssuerKeyOptions,
  type KeySearch,
  type KeySource,
  type SnapshotFiles,
} from '../../src/jwks/index.js'
import type { TestKey } from './authorization-server.js'
import { networkOnly } from './network-only.js'
import { createFakeClock, type FakeClock } from './fake-clock.js'

/** A request that waits for the test. */
export interface PendingRequest {
  readonly url: string
  /** Answers with the keys. */
  succeed(keys: readonly TestKey[]): void
  /** Fails as a network does. */
  fail(): void
}

export interface KeySetWorld {
  readonly keySets: KeySets
  readonly clock: FakeClock
  /** Every request so far, by its moment in monotonic milliseconds. */
  readonly requestedAtMs: number[]
  readonly pending: PendingRequest[]
  /** Faults that the observer was told of; undefined for a success. */
  readonly refreshes: (string | undefined)[]
  /** What the observer was told of snapshots: result and what was wrong. */
  readonly snapshots: (readonly [string, string | undefined])[]
  /** What the network does from now on: serve keys, fail, or wait for the test. */
  network: readonly TestKey[] | 'down' | 'manual'
  /** Headers of the documents from now on. */
  headers: Record<string, string>
  find(kid: string | undefined): KeySearch | Promise<KeySearch>
}

export const jwksUri = 'https://issuer.example/jwks'

const defaults: Omit<IssuerKeyOptions, 'id' | 'source'> = {
  issuer: 'https://issuer.example',
  refreshMs: 300_000,
  maxStaleMs: 86_400_000,
  cooldownMs: 10_000,
  timeoutMs: 5_000,
  allowInsecure: false,
}

/** Creates the world; nothing is loaded before `keySets.start()` or a search. */
export function createKeySetWorld(
  network: KeySetWorld['network'],
  changes: Partial<IssuerKeyOptions> = {},
  snapshotFiles?: SnapshotFiles,
): KeySetWorld {
  const clock = createFakeClock()
  const source: KeySource = { kind: 'jwksUri', jwksUri }
  const options: IssuerKeyOptions = { id: 'main', source, ...defaults, ...changes }

  async function answer(url: string): Promise<Response> {
    world.requestedAtMs.push(clock.monotonicMs())
    if (world.network === 'down') throw new TypeError('fetch failed')
    if (world.network !== 'manual') return jwksResponse(world.network, world.headers)
    return await new Promise((resolve, reject) => {
      world.pending.push({
        url,
        succeed: (keys) => {
          resolve(jwksResponse(keys))
        },
        fail: () => {
          reject(new TypeError('fetch failed'))
        },
      })
    })
  }

  const world: KeySetWorld = {
    clock,
    requestedAtMs: [],
    pending: [],
    refreshes: [],
    snapshots: [],
    network,
    headers: {},
    keySets: new KeySets([options], {
      clock,
      random: () => 0,
      access: networkOnly(clock, answer),
      observer: {
        refreshed: (_, fault) => world.refreshes.push(fault),
        snapshot: (_, result, detail) => world.snapshots.push([result, detail]),
      },
      snapshotFiles,
    }),
    find: (kid) => world.keySets.find('main', kid, 'ES256'),
  }
  return world
}

/** The document of these keys, as an authorization server would answer. */
export function jwksResponse(
  keys: readonly TestKey[],
  headers: Record<string, string> = {},
): Response {
  return Response.json({ keys: keys.map(({ jwk }) => jwk) }, { headers })
}
