/** What a `kid` that is not in the key set costs, and how soon a new key is found (standards 55 and 56). */
import { beforeAll, describe, expect, it } from 'vitest'
import type { TestKey } from '../../support/authorization-server.js'
import { createNamedKey } from '../../support/named-key.js'
import { createKeySetWorld, type KeySetWorld } from '../../support/key-set-world.js'
import { until } from '../../support/until.js'

let old: TestKey
let rotated: TestKey
beforeAll(async () => {
  ;[old, rotated] = await Promise.all([createNamedKey('old'), createNamedKey('new')])
})

async function startLoaded(
  network: KeySetWorld['network'] = [old],
  changes?: Parameters<typeof createKeySetWorld>[1],
): Promise<KeySetWorld> {
  const world = createKeySetWorld(network, changes)
  world.keySets.start()
  await until(() => world.refreshes.length === 1)
  return world
}

describe('200 searches for unknown kids at once', () => {
  it.each([
    ['all different', (index: number) => `unknown-${String(index)}`],
    ['all the same', () => 'unknown'],
  ])('cost one fetch when they are %s', async (_, kidOf) => {
    const world = await startLoaded()
    const searches = Array.from({ length: 200 }, async (_, index) => await world.find(kidOf(index)))
    const kinds = (await Promise.all(searches)).map(({ kind }) => kind)
    expect(new Set(kinds)).toEqual(new Set(['unknown_key']))
    expect(world.requestedAtMs).toHaveLength(2)
  })

  it('all find the key when it was the new one', async () => {
    const world = await startLoaded()
    world.network = [old, rotated]
    const searches = Array.from({ length: 200 }, async () => await world.find('new'))
    const kinds = (await Promise.all(searches)).map(({ kind }) => kind)
    expect(new Set(kinds)).toEqual(new Set(['keys']))
    expect(world.requestedAtMs).toHaveLength(2)
  })

  it('wait for the first load and cost no more than one fetch besides it', async () => {
    const world = createKeySetWorld([old])
    world.keySets.start()
    const searches = Array.from(
      { length: 200 },
      async (_, index) => await world.find(`unknown-${String(index)}`),
    )
    await Promise.all(searches)
    expect(world.requestedAtMs.length).toBeLessThanOrEqual(2)
  })
})

describe('a key that the issuer has just published', () => {
  it('is found on its first use, right after start', async () => {
    const world = await startLoaded()
    world.network = [old, rotated]
    expect(await world.find('new')).toMatchObject({ kind: 'keys', keys: [{ kid: 'new' }] })
  })

  it('is known from then on without waiting', async () => {
    const world = await startLoaded()
    world.network = [rotated]
    await world.find('new')
    expect(world.find('new')).toMatchObject({ kind: 'keys' })
    expect(world.requestedAtMs).toHaveLength(2)
  })

  it('is found although the refresh under way read the document before', async () => {
    const world = await startLoaded([old])
    world.network = 'manual'
    world.clock.advance(300_000)
    expect(world.pending).toHaveLength(1)
    const search = world.find('new')
    world.network = [old, rotated]
    world.pending[0]!.succeed([old])
    expect(await search).toMatchObject({ kind: 'keys' })
    expect(world.requestedAtMs).toHaveLength(3)
  })

  it('costs no second fetch when the refresh under way already brings it', async () => {
    const world = await startLoaded([old])
    world.network = 'manual'
    world.clock.advance(300_000)
    const search = world.find('new')
    world.pending[0]!.succeed([old, rotated])
    expect(await search).toMatchObject({ kind: 'keys' })
    expect(world.requestedAtMs).toHaveLength(2)
  })

  it('is found although the first load read the document before', async () => {
    const world = createKeySetWorld('manual')
    world.keySets.start()
    const search = world.find('new')
    world.network = [old, rotated]
    world.pending[0]!.succeed([old])
    expect(await search).toMatchObject({ kind: 'keys' })
  })

  it('is found after the cooldown although it met a refresh that another kid had caused', async () => {
    const world = await startLoaded([old])
    world.network = 'manual'
    const sprayed = world.find('sprayed')
    await until(() => world.pending.length === 1)
    const search = world.find('new')
    world.network = [old, rotated]
    world.pending[0]!.succeed([old])
    expect(await sprayed).toEqual({ kind: 'unknown_key' })
    await search
    world.clock.advance(10_000)
    expect(await world.find('new')).toMatchObject({ kind: 'keys' })
  })
})

describe('the cooldown of unknown kids', () => {
  it('counts from the last refresh that an unknown kid caused', async () => {
    const world = await startLoaded()
    world.clock.advance(5_000)
    await world.find('a')
    expect(world.requestedAtMs).toHaveLength(2)
    world.clock.advance(9_999)
    expect(await world.find('b')).toEqual({ kind: 'unknown_key' })
    expect(world.requestedAtMs).toHaveLength(2)
    world.clock.advance(1)
    expect(await world.find('c')).toEqual({ kind: 'unknown_key' })
    expect(world.requestedAtMs).toHaveLength(3)
  })

  it('is not begun by a scheduled refresh', async () => {
    const world = await startLoaded()
    world.clock.advance(300_000)
    await until(() => world.refreshes.length === 2)
    world.network = [old, rotated]
    expect(await world.find('new')).toMatchObject({ kind: 'keys' })
  })

  it('is not made longer by searches that it holds back', async () => {
    const world = await startLoaded()
    await world.find('a')
    for (let i = 0; i < 9; i++) {
      world.clock.advance(1_000)
      await world.find(`held-back-${String(i)}`)
    }
    world.clock.advance(1_000)
    world.network = [rotated]
    expect(await world.find('new')).toMatchObject({ kind: 'keys' })
    expect(world.requestedAtMs).toHaveLength(3)
  })

  it('does not remember the kids that it held back', async () => {
    const world = await startLoaded()
    await world.find('a')
    world.network = [old, rotated]
    expect(await world.find('new')).toEqual({ kind: 'unknown_key' })
    world.clock.advance(10_000)
    expect(await world.find('new')).toMatchObject({ kind: 'keys' })
  })
})

describe('a kid that stayed unknown', () => {
  it('causes no other fetch for a minute, while other kids do', async () => {
    const world = await startLoaded()
    await world.find('a')
    world.clock.advance(30_000)
    expect(await world.find('a')).toEqual({ kind: 'unknown_key' })
    expect(world.requestedAtMs).toHaveLength(2)
    await world.find('b')
    expect(world.requestedAtMs).toHaveLength(3)
    world.clock.advance(30_001)
    // lru-cache looks at its clock no more than once in a real millisecond.
    await until(
      async () =>
        (await world.find('a')).kind === 'unknown_key' && world.requestedAtMs.length === 4,
    )
  })

  it('is found at once when a scheduled refresh brings it', async () => {
    const world = await startLoaded([old], { refreshMs: 20_000 })
    await world.find('new')
    world.network = [old, rotated]
    world.clock.advance(20_000)
    await until(() => world.refreshes.length === 3)
    expect(world.find('new')).toMatchObject({ kind: 'keys' })
  })

  it('causes none at all when it is longer than any name', async () => {
    const world = await startLoaded()
    expect(world.find('k'.repeat(257))).toEqual({ kind: 'unknown_key' })
    expect(world.requestedAtMs).toHaveLength(1)
  })
})

describe('an unknown kid whose refresh fails', () => {
  it('is unavailable and never unknown, also while the next refresh has to wait', async () => {
    const world = await startLoaded()
    world.network = 'down'
    expect(await world.find('new')).toMatchObject({ kind: 'unavailable' })
    world.clock.advance(100)
    expect(await world.find('new')).toMatchObject({ kind: 'unavailable' })
    expect(world.requestedAtMs).toHaveLength(2)
  })

  it('is unavailable for everybody who waited for it', async () => {
    const world = await startLoaded()
    world.network = 'down'
    const searches = await Promise.all(
      Array.from({ length: 50 }, async () => await world.find('new')),
    )
    expect(new Set(searches.map(({ kind }) => kind))).toEqual(new Set(['unavailable']))
    expect(world.requestedAtMs).toHaveLength(2)
  })

  it('is found as soon as the issuer is back', async () => {
    const world = await startLoaded()
    world.network = 'down'
    await world.find('new')
    world.network = [rotated]
    world.clock.advance(500)
    await until(() => world.refreshes.length === 3)
    expect(world.find('new')).toMatchObject({ kind: 'keys' })
  })

  it('does not harm the keys that are known', async () => {
    const world = await startLoaded()
    world.network = 'down'
    await world.find('new')
    expect(world.find('old')).toMatchObject({ kind: 'keys' })
  })
})
