/** An issuer that puts another key in the place of one and names it alike. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { VerificationKey } from '../../../src/jwks/index.js'
import type { TestKey } from '../../support/authorization-server.js'
import { createKeySetWorld, type KeySetWorld } from '../../support/key-set-world.js'
import { createNamedKey } from '../../support/named-key.js'
import { until } from '../../support/until.js'

let old: TestKey
let replacing: TestKey
beforeAll(async () => {
  ;[old, replacing] = await Promise.all([createNamedKey('k'), createNamedKey('k')])
})

async function startLoaded(): Promise<KeySetWorld> {
  const world = createKeySetWorld([old])
  world.keySets.start()
  await until(() => world.refreshes.length === 1)
  return world
}

function tried(world: KeySetWorld, kid: string | undefined = 'k'): readonly VerificationKey[] {
  const found = world.find(kid)
  if (!('kind' in found) || found.kind !== 'keys') throw new Error('the key is known')
  return found.keys
}

function findOthers(world: KeySetWorld, kid: string | undefined = 'k') {
  return world.keySets.findOthers('main', kid, 'ES256', tried(world, kid))
}

describe('a signature of none of the keys', () => {
  it.each([['k'], [undefined]])('finds the new key of the kid %s', async (kid) => {
    const world = await startLoaded()
    world.clock.advance(10_000)
    world.network = [replacing]
    const [before] = tried(world, kid)
    const others = await findOthers(world, kid)
    expect(others).toHaveLength(1)
    expect(others![0]!.thumbprint).not.toBe(before!.thumbprint)
    expect(before!.trustedUntilMs).toBe(0)
  })

  it('causes no refresh while the set is young', async () => {
    const world = await startLoaded()
    world.clock.advance(9_999)
    expect(findOthers(world)).toBeUndefined()
    expect(world.requestedAtMs).toHaveLength(1)
  })

  it('causes one refresh however many there are, and none again for a minute', async () => {
    const world = await startLoaded()
    world.clock.advance(10_000)
    const searches = await Promise.all(
      Array.from({ length: 200 }, async () => await findOthers(world)),
    )
    expect(searches.flat()).toEqual([])
    expect(world.requestedAtMs).toHaveLength(2)
    world.clock.advance(30_000)
    expect(findOthers(world)).toBeUndefined()
    expect(world.requestedAtMs).toHaveLength(2)
  })

  it('shares its budget with unknown kids', async () => {
    const world = await startLoaded()
    world.clock.advance(10_000)
    await findOthers(world)
    world.network = [old, await createNamedKey('new')]
    expect(await world.find('new')).toEqual({ kind: 'unknown_key' })
    expect(world.requestedAtMs).toHaveLength(2)
  })

  it('finds nothing and harms nothing when the issuer is down', async () => {
    const world = await startLoaded()
    world.clock.advance(10_000)
    world.network = 'down'
    expect(await findOthers(world)).toEqual([])
    expect(world.find('k')).toMatchObject({ kind: 'keys' })
  })
})
