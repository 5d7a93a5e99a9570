/** Key sets that succeed others while loads are under way (ADR 0025). */
import { expect, it } from 'vitest'
import { createTestKey } from '../../support/authorization-server.js'
import { createKeySetWorld } from '../../support/key-set-world.js'
import { until } from '../../support/until.js'

it('do not get a withdrawn key back from a load that began before them', async () => {
  const [withdrawn, kept] = [await createTestKey(), await createTestKey()]
  const world = createKeySetWorld([withdrawn, kept])
  world.keySets.start()
  await world.keySets.firstLoads()
  world.network = 'manual'
  const slow = world.find('unknown')
  await until(() => world.pending.length === 1)

  const after = world.keySets.successor(
    world.keySets.status().map(({ options }) => options),
    () => true,
  )
  after.start()
  world.network = [kept]
  after.succeed(world.keySets)
  world.clock.advance(0)
  const kids = (): unknown[] => (after.status()[0]?.set?.keys ?? []).map(({ kid }) => kid)
  await until(() => kids().length === 1)

  world.pending[0]?.succeed([withdrawn, kept])
  await slow
  expect(kids()).toEqual([kept.jwk.kid])
  after.stop()
})
