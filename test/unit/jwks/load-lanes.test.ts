/** Thousands of issuers are no storm of connections, and a token's issuer does not stand in their line. */
import { describe, expect, it } from 'vitest'
import { KeySets, type IssuerKeyOptions } from '../../../src/jwks/index.js'
import { laneWidths, LoadLanes, type LoadLane } from '../../../src/jwks/load-lanes.js'
import { Readiness } from '../../../src/telemetry/index.js'
import { createFakeClock } from '../../support/fake-clock.js'
import { jwksResponse } from '../../support/key-set-world.js'
import { createNamedKey } from '../../support/named-key.js'
import { until } from '../../support/until.js'

async function startMany(count: number, changes: Partial<IssuerKeyOptions> = {}) {
  const clock = createFakeClock()
  const key = await createNamedKey('k')
  const waiting = new Map<string, { end: () => void; fail: () => void }>()
  const seen = { most: 0 }
  const ids = Array.from({ length: count }, (_, index) => `i${String(index)}`)
  const keySets = new KeySets(
    ids.map((id) => ({
      id,
      issuer: `https://${id}.example`,
      source: { kind: 'jwksUri', jwksUri: `https://${id}.example/jwks` },
      refreshMs: 300_000,
      maxStaleMs: 86_400_000,
      cooldownMs: 10_000,
      timeoutMs: 5_000,
      allowInsecure: false,
      ...changes,
    })),
    {
      clock,
      random: () => 0,
      access: ({ id }) => ({
        fetch: async () => {
          const answer = new Promise<Response>((resolve, reject) => {
            waiting.set(id, {
              end: () => {
                resolve(jwksResponse([key]))
              },
              fail: () => {
                reject(new TypeError('fetch failed'))
              },
            })
          })
          seen.most = Math.max(seen.most, waiting.size)
          return await answer.finally(() => waiting.delete(id))
        },
        readFile: async () => {
          throw new Error('no file is read here')
        },
        wallMs: clock.wallMs,
        timeoutMs: 5_000,
        allowInsecure: false,
      }),
      observer: { refreshed: () => undefined, snapshot: () => undefined },
    },
  )
  return { keySets, waiting, seen, clock, readiness: new Readiness(() => keySets.status()) }
}

describe('a start with many issuers', () => {
  it('loads all of them, a bounded number at a time', async () => {
    const { keySets, waiting, seen, readiness } = await startMany(200)
    readiness.listening()
    keySets.start()
    expect(waiting.size).toBe(laneWidths.due)
    expect(Object.keys(readiness.components()).length).toBeLessThan(30)
    expect(readiness.components()['issuers']).toMatchObject({
      ready: false,
      detail: '0 of 200 are ready; /issuers has them all',
    })
    await until(() => {
      for (const { end } of waiting.values()) end()
      return readiness.isReady
    })
    expect(seen.most).toBe(laneWidths.due)
    expect(readiness.components()).toEqual({
      listening: { ready: true },
      running: { ready: true },
      issuers: { ready: true, detail: '200 of 200 are ready; /issuers has them all' },
    })
    keySets.stop()
  })

  it('loads the issuer that a token asks for before those that wait', async () => {
    const { keySets, waiting } = await startMany(100)
    keySets.start()
    expect(waiting.has('i99')).toBe(false)
    const found = keySets.find('i99', 'k', 'ES256')
    await until(() => waiting.has('i99'))
    waiting.get('i99')?.end()
    expect(await found).toMatchObject({ kind: 'keys' })
    expect(waiting.size).toBe(laneWidths.due)
    keySets.stop()
  })

  it('does not open more connections because tokens name every issuer', async () => {
    const { keySets, waiting, seen } = await startMany(200)
    keySets.start()
    for (let index = 0; index < 200; index++) {
      void keySets.find(`i${String(index)}`, 'k', 'ES256')
    }
    await until(() => waiting.size === laneWidths.due + laneWidths.asked)
    await until(() => {
      for (const { end } of waiting.values()) end()
      return keySets.status().every(({ set }) => set !== undefined)
    })
    expect(seen.most).toBe(laneWidths.due + laneWidths.asked)
    keySets.stop()
  })
})

describe('an issuer that is loaded at its first use', () => {
  it('is ready unloaded, is loaded by a token, and is fresh from then on', async () => {
    const { keySets, waiting, readiness } = await startMany(1, { loadAtFirstUse: true })
    readiness.listening()
    keySets.start()
    expect(waiting.size).toBe(0)
    expect(readiness.isReady).toBe(true)
    expect(readiness.components()['issuer:i0']).toEqual({ ready: true, detail: 'not used yet' })
    const found = keySets.find('i0', 'k', 'ES256')
    expect(readiness.components()['issuer:i0']?.detail).toBe('the first key set is loading')
    await until(() => waiting.size === 1)
    waiting.get('i0')?.end()
    expect(await found).toMatchObject({ kind: 'keys' })
    expect(readiness.components()['issuer:i0']).toEqual({ ready: true })
    expect(keySets.status()[0]?.nextRefreshAtMs).toBeGreaterThan(0)
    keySets.stop()
  })

  it('does not wait behind issuers that hang, however many of them tokens name', async () => {
    const dead = 100
    const { keySets, waiting, clock } = await startMany(dead + 1, { loadAtFirstUse: true })
    keySets.start()
    const nameTheDead = (): void => {
      for (let index = 0; index < dead; index++) {
        void keySets.find(`i${String(index)}`, 'k', 'ES256')
      }
    }
    nameTheDead()
    await until(() => {
      for (const { fail } of waiting.values()) fail()
      return keySets.status().filter(({ failuresInARow }) => failuresInARow > 0).length === dead
    })
    clock.advance(500)
    await until(() => waiting.size === laneWidths.failing)
    nameTheDead()
    const found = keySets.find(`i${String(dead)}`, 'k', 'ES256')
    await until(() => waiting.has(`i${String(dead)}`))
    waiting.get(`i${String(dead)}`)?.end()
    expect(await found).toMatchObject({ kind: 'keys' })
    keySets.stop()
  })

  it('is unavailable and never unknown when it cannot be loaded', async () => {
    const { keySets, waiting, readiness } = await startMany(1, { loadAtFirstUse: true })
    readiness.listening()
    const found = keySets.find('i0', 'k', 'ES256')
    await until(() => waiting.size === 1)
    waiting.get('i0')?.fail()
    expect(await found).toMatchObject({ kind: 'unavailable' })
    expect(readiness.isReady).toBe(true)
    expect(readiness.components()['issuer:i0']?.detail).toContain('fetch failed')
    keySets.stop()
  })
})

describe('the lanes', () => {
  it('keep those that failed from holding up those that did not, and give every place back', async () => {
    const lanes = new LoadLanes()
    const ends: (() => void)[] = []
    const started: string[] = []
    const load = (id: string, lane: LoadLane): Promise<void> =>
      lanes.run(id, lane, async () => {
        started.push(id)
        await new Promise<void>((_resolve, reject) => {
          ends.push(() => {
            reject(new Error('down'))
          })
        })
      })
    const hanging = Array.from({ length: 40 }, (_, index) => load(`bad${String(index)}`, 'failing'))
    const good = load('good', 'due')
    expect(started).toHaveLength(laneWidths.failing + 1)
    expect(started).toContain('good')
    const settled = Promise.allSettled([...hanging, good])
    await until(() => {
      for (const end of ends.splice(0)) end()
      return started.length === 41
    })
    for (const end of ends.splice(0)) end()
    expect((await settled).every(({ status }) => status === 'rejected')).toBe(true)
  })
})
