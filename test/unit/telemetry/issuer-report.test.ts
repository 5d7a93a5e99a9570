/** What operators see of an issuer's keys, and what they must not. */
import { describe, expect, it } from 'vitest'
import { issuerReports } from '../../../src/telemetry/index.js'
import { createKeySetWorld } from '../../support/key-set-world.js'
import { createNamedKey } from '../../support/named-key.js'
import { until } from '../../support/until.js'

describe('the report of an issuer', () => {
  it('tells its keys, their age and what comes next', async () => {
    const key = await createNamedKey('known')
    const world = createKeySetWorld([key])
    const before = issuerReports(world.keySets.status(), world.clock)
    expect(before).toEqual([
      {
        id: 'main',
        issuer: 'https://issuer.example',
        keySource: 'jwksUri',
        keys: [],
        refusedKeys: 0,
        loadedAt: null,
        ageSeconds: null,
        nextRefreshInSeconds: null,
        fromSnapshot: false,
        failuresInARow: 0,
        lastError: null,
      },
    ])
    const loadedAt = new Date(world.clock.wallMs()).toISOString()
    world.keySets.start()
    await until(() => world.refreshes.length === 1)
    world.clock.advance(60_000)
    const [report] = issuerReports(world.keySets.status(), world.clock)
    const { thumbprint } = world.keySets.status()[0]!.set!.keys[0]!
    expect(report).toMatchObject({
      keys: [{ kid: 'known', algorithm: 'ES256', thumbprint: thumbprint.slice(0, 12) }],
      loadedAt,
      ageSeconds: 60,
      nextRefreshInSeconds: 240,
    })
    expect(JSON.stringify(report)).not.toContain(key.jwk.x)
  })

  it('tells failures', async () => {
    const world = createKeySetWorld('down')
    world.keySets.start()
    await until(() => world.refreshes.length === 1)
    expect(issuerReports(world.keySets.status(), world.clock)).toMatchObject([
      { failuresInARow: 1, lastError: 'fetch failed', nextRefreshInSeconds: 0.5 },
    ])
  })
})
