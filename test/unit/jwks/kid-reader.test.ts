/** Keys that have a URL each while they are kept: refreshed, rotated, withdrawn, through outages and reloads (ADR 0031). */
import { beforeAll, describe, expect, it } from 'vitest'
import type { SnapshotFiles, VerificationKey } from '../../../src/jwks/index.js'
import { maxKeptKids } from '../../../src/jwks/kid-reader.js'
import {
  createKeyUrlWorld,
  onlyKey,
  pass,
  pemOf,
  startKnowing,
  stateOf,
} from '../../support/key-url-world.js'
import { createNamedKey } from '../../support/named-key.js'
import { until } from '../../support/until.js'

const unknown = { kind: 'unknown_key' }
let pem: string
let otherPem: string
beforeAll(async () => {
  const [key, other] = await Promise.all([createNamedKey('key'), createNamedKey('other')])
  ;[pem, otherPem] = [pemOf(key.jwk), pemOf(other.jwk)]
})

describe('keys that are kept', () => {
  it('are so many; the one that nobody asked for longest goes, and its trust ends', async () => {
    const { world, known } = await startKnowing(pem)
    const kids = Array.from({ length: maxKeptKids }, (_, index) => `kept-${String(index)}`)
    const found: VerificationKey[] = []
    for (const [index, kid] of kids.entries()) {
      if (index % 20 === 0) world.clock.advance(10_000)
      world.bucket.set(kid, otherPem)
      expect(world.find('key')).toEqual({ kind: 'keys', keys: [known] })
      found.push(onlyKey(await world.find(kid)))
    }
    expect(stateOf(world).set?.keys).toHaveLength(maxKeptKids)
    expect(known.trustedUntilMs).toBeGreaterThan(world.clock.monotonicMs())
    expect(found.filter(({ trustedUntilMs }) => trustedUntilMs === 0)).toEqual([found[0]])
  })

  it('are read again when they are due, and stay the same object', async () => {
    const { world, known } = await startKnowing(pem)
    await pass(world, 300_000)
    expect(world.requested).toHaveLength(2)
    expect(world.find('key')).toEqual({ kind: 'keys', keys: [known] })
    expect(known.trustedUntilMs).toBe(world.clock.monotonicMs() + 86_400_000)
  })

  it('lose their trust when they are gone at a refresh', async () => {
    const { world, known } = await startKnowing(pem)
    world.bucket.delete('key')
    await pass(world, 300_000)
    expect([known.trustedUntilMs, stateOf(world).set?.keys]).toEqual([0, []])
    expect(await world.find('key')).toEqual(unknown)
    world.clock.advance(600_000)
    expect(world.requested).toHaveLength(3)
  })

  it('lose their trust when another key stands there, which is then the one', async () => {
    const { world, known } = await startKnowing(pem)
    world.bucket.set('key', otherPem)
    await pass(world, 300_000)
    const now = onlyKey(await world.find('key'))
    expect([known.trustedUntilMs, now === known, now.kid]).toEqual([0, false, 'key'])
  })

  it('make way for a new one beside them when the source rotates', async () => {
    const { world, known } = await startKnowing(pem)
    world.bucket.set('other', otherPem)
    expect(onlyKey(await world.find('other')).kid).toBe('other')
    expect(world.find('key')).toEqual({ kind: 'keys', keys: [known] })
    world.bucket.delete('key')
    await pass(world, 300_000)
    expect([known.trustedUntilMs, stateOf(world).set?.keys.map(({ kid }) => kid)]).toEqual([
      0,
      ['other'],
    ])
  })

  it('serve through an outage, are retried, and not for ever', async () => {
    const { world, known } = await startKnowing(pem, { maxStaleMs: 400_000 })
    world.isDown = true
    await pass(world, 300_000)
    expect(world.find('key')).toEqual({ kind: 'keys', keys: [known] })
    expect([stateOf(world).failuresInARow, stateOf(world).lastFault]).toEqual([
      1,
      'https://keys.example/region/{kid}: fetch failed',
    ])
    const retries = world.requested.length
    await pass(world, 500)
    expect(world.requested.length).toBe(retries + 1)
    await pass(world, 100_000)
    expect(await world.find('key')).toMatchObject({ kind: 'unavailable' })
    world.isDown = false
    world.clock.advance(15_000)
    await until(async () => (await world.find('key')).kind === 'keys')
    expect([stateOf(world).failuresInARow, stateOf(world).lastFault]).toEqual([0, undefined])
  })

  it('are not held up by one of them that is broken', async () => {
    const { world } = await startKnowing(pem)
    world.bucket.set('other', otherPem)
    const second = onlyKey(await world.find('other'))
    world.bucket.set('key', () => new Response('', { status: 500 })).delete('other')
    await pass(world, 300_000)
    expect(second.trustedUntilMs).toBe(0)
    expect([world.find('key'), stateOf(world).failuresInARow]).toMatchObject([{ kind: 'keys' }, 1])
    const before = world.requested.length
    await pass(world, 500)
    expect(world.requested.slice(before)).toEqual(['https://keys.example/region/key'])
  })
})

describe('keys with a URL each, from one life to another', () => {
  function memoryFiles(): SnapshotFiles & { readonly texts: Map<string, string> } {
    const texts = new Map<string, string>()
    return {
      texts,
      read: async (name) => await Promise.resolve(texts.get(name)),
      write: async (name, text) => {
        await Promise.resolve(texts.set(name, text))
      },
      remove: async (name) => {
        await Promise.resolve(texts.delete(name))
      },
    }
  }

  /** A world whose one key is in a snapshot. */
  async function startKeeping() {
    const files = memoryFiles()
    const world = createKeyUrlWorld({}, files)
    world.bucket.set('key', pem)
    await world.find('key')
    await until(() => files.texts.size === 1)
    return { files, world }
  }

  it('are kept, serve a start without the source, and are read again there', async () => {
    const { files, world: first } = await startKeeping()
    const second = createKeyUrlWorld({}, files)
    second.clock.setWall(first.clock.wallMs())
    second.isDown = true
    expect(await second.find('key')).toMatchObject({ kind: 'keys' })
    await second.keySets.firstLoads()
    expect(stateOf(second)).toMatchObject({ isFromSnapshot: true, failuresInARow: 1 })
    second.isDown = false
    second.bucket.set('key', pem)
    await pass(second, 500)
    expect(stateOf(second)).toMatchObject({ isFromSnapshot: false, failuresInARow: 0 })
  })

  it('are not kept once the last of them is gone', async () => {
    const { files, world } = await startKeeping()
    world.bucket.clear()
    await pass(world, 300_000)
    await until(() => files.texts.size === 0)
  })

  it.each([true, false])('stay through a reload (same rules: %s)', async (isSame) => {
    const { world, known } = await startKnowing(pem)
    const after = world.keySets.successor([world.options], () => isSame)
    after.start()
    after.succeed(world.keySets)
    const now = onlyKey(await after.find('main', 'key', 'ES256'))
    expect([now === known, known.trustedUntilMs > 0]).toEqual([isSame, isSame])
    expect(now.trustedUntilMs).toBeGreaterThan(world.clock.monotonicMs())
    world.clock.advance(300_000)
    await until(() => world.requested.length === 2)
    after.stop()
  })

  it('end when the reload has other options for them, also those on their way', async () => {
    const { world, known } = await startKnowing(pem)
    let answer: (response: Response) => void = () => undefined
    world.bucket.set('other', async () => await new Promise((resolve) => (answer = resolve)))
    const underWay = world.find('other')
    const after = world.keySets.successor([{ ...world.options, timeoutMs: 2_000 }], () => false)
    after.start()
    after.succeed(world.keySets)
    answer(new Response(otherPem))
    expect(onlyKey(await underWay).trustedUntilMs).toBe(0)
    expect(known.trustedUntilMs).toBe(0)
    expect(after.status()[0]?.set).toBeUndefined()
    after.stop()
  })
})
