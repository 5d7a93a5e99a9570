/** Keys that have a URL each, with a clock that the test moves and a bucket of PEM files that the test fills. */
import { createPublicKey } from 'node:crypto'
import type { JWK } from 'jose'
import {
  KeySets,
  type IssuerKeyOptions,
  type IssuerKeyState,
  type KeySearch,
  type SnapshotFiles,
  type VerificationKey,
} from '../../src/jwks/index.js'
import { networkOnly } from './network-only.js'
import { createFakeClock, type FakeClock } from './fake-clock.js'
import { until } from './until.js'

/** What the bucket answers about one key. */
export type BucketAnswer = string | (() => Response | Promise<Response>)

export interface KeyUrlWorld {
  readonly keySets: KeySets
  readonly clock: FakeClock
  /** By kid; what is not there is answered with 404. */
  readonly bucket: Map<string, BucketAnswer>
  /** Every URL that was asked for. */
  readonly requested: string[]
  /** Faults that the observer was told of; undefined for an answer. */
  readonly refreshes: (string | undefined)[]
  readonly options: IssuerKeyOptions
  /** Whether the network is there. */
  isDown: boolean
  find(kid: string | undefined): KeySearch | Promise<KeySearch>
}

const base = 'https://keys.example/region/'

/** Creates the world. The key sets are started. */
export function createKeyUrlWorld(
  changes: Partial<IssuerKeyOptions> = {},
  snapshotFiles?: SnapshotFiles,
): KeyUrlWorld {
  const clock = createFakeClock()
  const options: IssuerKeyOptions = {
    id: 'main',
    issuer: 'https://issuer.example',
    source: { kind: 'keyUrl', url: `${base}{kid}` },
    refreshMs: 300_000,
    maxStaleMs: 86_400_000,
    cooldownMs: 10_000,
    timeoutMs: 1_000,
    allowInsecure: false,
    loadAtFirstUse: true,
    ...changes,
  }
  async function answer(url: string, init: RequestInit): Promise<Response> {
    world.requested.push(url)
    if (world.isDown) throw new TypeError('fetch failed')
    const found = world.bucket.get(url.slice(base.length))
    if (found === undefined) return new Response('<Error/>', { status: 404 })
    if (typeof found === 'string') return new Response(found)
    return await Promise.race([found(), aborted(init)])
  }
  const world: KeyUrlWorld = {
    clock,
    options,
    bucket: new Map(),
    requested: [],
    refreshes: [],
    isDown: false,
    keySets: new KeySets([options], {
      clock,
      random: () => 0,
      access: networkOnly(clock, answer),
      observer: { refreshed: (_, fault) => world.refreshes.push(fault), snapshot: () => undefined },
      snapshotFiles,
    }),
    find: (kid) => world.keySets.find('main', kid, 'ES256'),
  }
  world.keySets.start()
  return world
}

/** A public JWK as the PEM that a bucket has. */
export function pemOf(jwk: JWK): string {
  return createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  }) as string
}

async function aborted({ signal }: RequestInit): Promise<never> {
  return await new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => {
      reject(new DOMException('The operation was aborted', 'TimeoutError'))
    })
  })
}

/** A world in which the key named `key` was found already. */
export async function startKnowing(
  pem: string,
  changes?: Partial<IssuerKeyOptions>,
): Promise<{ world: KeyUrlWorld; known: VerificationKey }> {
  const world = createKeyUrlWorld(changes)
  world.bucket.set('key', pem)
  return { world, known: onlyKey(await world.find('key')) }
}

/** The one key that was found. */
export function onlyKey(found: KeySearch): VerificationKey {
  const keys = found.kind === 'keys' ? found.keys : []
  if (keys[0] === undefined || keys.length > 1) throw new Error(`not one key: ${found.kind}`)
  return keys[0]
}

/** Lets time pass, and waits for the refresh that is due until then. */
export async function pass(world: KeyUrlWorld, ms: number): Promise<void> {
  const before = world.refreshes.length
  world.clock.advance(ms)
  await until(() => world.refreshes.length > before)
}

/** The state of the one issuer. */
export function stateOf(world: KeyUrlWorld): IssuerKeyState {
  const [one] = world.keySets.status()
  if (one === undefined) throw new Error('there is one issuer')
  return one
}
