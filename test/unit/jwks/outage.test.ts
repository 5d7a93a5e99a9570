/** Key sets while their issuer is slow, broken or gone (standards 57 and 64). */
import { beforeAll, describe, expect, it } from 'vitest'
import type { TestKey } from '../../support/authorization-server.js'
import { createNamedKey } from '../../support/named-key.js'
import { createKeySetWorld } from '../../support/key-set-world.js'
import { until } from '../../support/until.js'

let key: TestKey
beforeAll(async () => {
  key = await createNamedKey('known')
})

describe('a known kid', () => {
  it('does not wait for a refresh that hangs', async () => {
    const world = createKeySetWorld([key])
    world.keySets.start()
    await until(() => world.refreshes.length === 1)
    world.network = 'manual'
    world.clock.advance(300_000)
    expect(world.pending).toHaveLength(1)
    expect(world.find('known')).toMatchObject({ kind: 'keys', keys: [{ kid: 'known' }] })
  })

  it('does not wait while a search for another kid hangs', async () => {
    const world = createKeySetWorld([key])
    world.keySets.start()
    await until(() => world.refreshes.length === 1)
    world.network = 'manual'
    const unknown = world.find('unknown')
    await until(() => world.pending.length === 1)
    expect(world.find('known')).toMatchObject({ kind: 'keys' })
    world.pending[0]!.fail()
    expect(await unknown).toMatchObject({ kind: 'unavailable' })
  })

  it('serves through an outage until it is too old, and not a millisecond longer', async () => {
    const world = createKeySetWorld([key], { maxStaleMs: 3_600_000 })
    world.keySets.start()
    await until(() => world.refreshes.length === 1)
    world.network = 'down'
    world.clock.advance(3_599_999)
    await until(() => world.refreshes.length === 2)
    expect(world.find('known')).toMatchObject({ kind: 'keys' })
    world.clock.advance(1)
    expect(await world.find('known')).toMatchObject({ kind: 'unavailable' })
  })

  it('is too old also for a search that began when it was not', async () => {
    const world = createKeySetWorld([key], { maxStaleMs: 3_600_000 })
    world.keySets.start()
    await until(() => world.refreshes.length === 1)
    world.network = 'manual'
    const search = world.find('unknown')
    await until(() => world.pending.length === 1)
    world.clock.advance(3_600_000)
    world.pending[0]!.fail()
    expect(await search).toMatchObject({ kind: 'unavailable' })
  })

  it('serves again when the issuer comes back after too long', async () => {
    const world = createKeySetWorld([key], { maxStaleMs: 3_600_000 })
    world.keySets.start()
    await until(() => world.refreshes.length === 1)
    world.network = 'down'
    world.clock.advance(3_600_000)
    await until(() => world.refreshes.length === 2)
    expect(await world.find('known')).toMatchObject({ kind: 'unavailable' })
    world.network = [key]
    world.clock.advance(15_000)
    await until(() => world.refreshes.length === 3)
    expect(world.find('known')).toMatchObject({ kind: 'keys' })
  })

  it('is refreshed on schedule, again and again', async () => {
    const world = createKeySetWorld([key], { refreshMs: 60_000 })
    world.keySets.start()
    for (let count = 1; count <= 5; count++) {
      await until(() => world.refreshes.length === count)
      world.clock.advance(60_000)
    }
    expect(world.requestedAtMs.map((ms) => ms - world.requestedAtMs[0]!)).toEqual([
      0, 60_000, 120_000, 180_000, 240_000, 300_000,
    ])
  })
})

describe('keys that were never loaded', () => {
  it.each(['known', 'unknown', undefined])('are unavailable for the kid %s', async (kid) => {
    const world = createKeySetWorld('down')
    world.keySets.start()
    await until(() => world.refreshes.length === 1)
    expect(await world.find(kid)).toMatchObject({ kind: 'unavailable' })
  })

  it('are not asked for by every search while a retry has its time', async () => {
    const world = createKeySetWorld('down')
    world.keySets.start()
    await until(() => world.refreshes.length === 1)
    await Promise.all(Array.from({ length: 100 }, async () => await world.find('known')))
    expect(world.requestedAtMs).toHaveLength(1)
  })

  it('are waited for by everybody who asks during the first load', async () => {
    const world = createKeySetWorld('manual')
    world.keySets.start()
    const searches = Promise.all(Array.from({ length: 100 }, async () => await world.find('known')))
    world.pending[0]!.succeed([key])
    expect(new Set((await searches).map(({ kind }) => kind))).toEqual(new Set(['keys']))
    expect(world.requestedAtMs).toHaveLength(1)
  })

  it('are loaded by a search when nothing else has begun to', async () => {
    const world = createKeySetWorld([key])
    expect(await world.find('known')).toMatchObject({ kind: 'keys' })
    expect(world.requestedAtMs).toHaveLength(1)
  })

  it('are tried again sooner first and never more than 15 s apart', async () => {
    const world = createKeySetWorld('down')
    world.keySets.start()
    const delays = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]
    for (const [index, delay] of delays.entries()) {
      await until(() => world.refreshes.length === index + 1)
      world.clock.advance(delay - 1)
      expect(world.requestedAtMs).toHaveLength(index + 1)
      world.clock.advance(1)
      expect(world.requestedAtMs).toHaveLength(index + 2)
    }
  })

  it('are there without anybody asking once the issuer is up', async () => {
    const world = createKeySetWorld('down')
    world.keySets.start()
    await until(() => world.refreshes.length === 1)
    world.network = [key]
    world.clock.advance(500)
    await until(() => world.refreshes.length === 2)
    expect(world.find('known')).toMatchObject({ kind: 'keys' })
    expect(world.refreshes).toEqual(['fetch failed', undefined])
  })

  it('are not tried any more once the sets were stopped', async () => {
    const world = createKeySetWorld('down')
    world.keySets.start()
    await until(() => world.refreshes.length === 1)
    world.keySets.stop()
    world.clock.advance(3_600_000)
    expect(world.requestedAtMs).toHaveLength(1)
  })
})

describe('an issuer that is not configured', () => {
  it('is a mistake of ours and not an answer', () => {
    const { keySets } = createKeySetWorld([key])
    expect(() => keySets.find('nobody', 'known', 'ES256')).toThrow(TypeError)
  })
})
