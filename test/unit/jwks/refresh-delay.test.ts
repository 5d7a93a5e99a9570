/** When the next refresh is due, by the operator's wish and by what the issuer says (RFC 9111, standards 58). */
import { beforeAll, describe, expect, it } from 'vitest'
import { maxAgeMsOf, refreshDelayMs } from '../../../src/jwks/refresh-delay.js'
import type { TestKey } from '../../support/authorization-server.js'
import { createKeySetWorld } from '../../support/key-set-world.js'
import { createNamedKey } from '../../support/named-key.js'
import { until } from '../../support/until.js'

let key: TestKey
beforeAll(async () => {
  key = await createNamedKey('known')
})

describe('maxAgeMsOf', () => {
  it.each([
    ['max-age=600', undefined, 600_000],
    ['public, Max-Age=600, must-revalidate', undefined, 600_000],
    ['max-age="60"', undefined, 60_000],
    ['max-age=600', '100', 500_000],
    ['max-age=600', '700', 0],
    ['max-age=600', 'soon', 600_000],
    ['max-age=0', undefined, 0],
    ['no-store, max-age=600', undefined, 0],
    ['no-cache', undefined, 0],
    ['public', undefined, undefined],
    ['s-maxage=600', undefined, undefined],
    ['max-age=-1', undefined, undefined],
    ['max-age=1e9', undefined, undefined],
    ['max-age=99999999999', undefined, undefined],
    ['', undefined, undefined],
  ])('of %j aged %s is %s', (cacheControl, age, ms) => {
    const headers = new Headers({
      'cache-control': cacheControl,
      ...(age === undefined ? {} : { age }),
    })
    expect(maxAgeMsOf(headers)).toBe(ms)
  })
})

describe('refreshDelayMs', () => {
  const day = 86_400_000
  it.each([
    ['nothing', 300_000, day, undefined, 300_000],
    ['less', 300_000, day, 120_000, 120_000],
    ['far less', 300_000, day, 0, 60_000],
    ['more', 300_000, day, 450_000, 450_000],
    ['far more', 300_000, day, 31_536_000_000, 600_000],
    ['more than keys are trusted', 300_000, 400_000, day, 300_000],
    ['more than a timer takes', 14 * day, 365 * day, 365 * day, 14 * day],
  ])('is, when the issuer says %s, within the bounds', (_, refreshMs, maxStaleMs, maxAgeMs, ms) => {
    expect(refreshDelayMs({ refreshMs, maxStaleMs }, maxAgeMs)).toBe(ms)
  })
})

describe('a set', () => {
  it('is refreshed by the max-age of its last answer', async () => {
    const world = createKeySetWorld([key])
    world.headers = { 'cache-control': 'max-age=90' }
    world.keySets.start()
    await until(() => world.refreshes.length === 1)
    world.clock.advance(89_999)
    expect(world.requestedAtMs).toHaveLength(1)
    world.headers = {}
    world.clock.advance(1)
    await until(() => world.refreshes.length === 2)
    world.clock.advance(299_999)
    expect(world.requestedAtMs).toHaveLength(2)
    world.clock.advance(1)
    expect(world.requestedAtMs).toHaveLength(3)
  })

  it('says when it is refreshed next', async () => {
    const world = createKeySetWorld('down')
    world.keySets.start()
    const [state] = world.keySets.status()
    expect(state!.nextRefreshAtMs).toBeUndefined()
    await until(() => world.refreshes.length === 1)
    expect(state!.nextRefreshAtMs).toBe(world.clock.monotonicMs() + 500)
  })
})
