/** The whole of it: what costs a branch, and what is said while the store is away. */
import { beforeEach, describe, expect, it } from 'vitest'
import { createRevocationWorld, type RevocationWorld } from '../../support/revocation-world.js'
import { identifiers } from '../../support/revocations.js'
import { until } from '../../support/until.js'

let world: RevocationWorld
beforeEach(() => {
  world = createRevocationWorld()
})

describe('a service', () => {
  it('is idle while nothing is revoked, and judges again as soon as something is', async () => {
    const service = world.create({ file: 'revoked.yaml' })
    await service.start()
    expect(service.isIdle).toBe(true)
    world.files['revoked.yaml'] = '[{"issuer":"main","sub":"alice"}]'
    await until(() => {
      world.clock.advance(1_000)
      return !service.isIdle
    })
    expect(service.judge(identifiers())).toBe('revoked')
    expect(service.judge(identifiers({ sub: 'bob' }))).toBeUndefined()
    service.close()
  })

  it('is idle again after the last entry ended', async () => {
    const service = await world.startWithStore()
    const end = new Date(world.clock.wallMs() + 10_000).toISOString()
    const text = { issuer: 'https://main.example', sub: 'alice', until: end }
    world.listener?.pushed(JSON.stringify(text))
    expect([service.isIdle, service.counts().sub]).toEqual([false, 1])
    world.clock.advance(30_000)
    expect([service.isIdle, service.counts().sub]).toEqual([true, 0])
    service.close()
  })

  it('does not start with a list that cannot be used', async () => {
    world.files['revoked.yaml'] = 'x'
    await expect(world.create({ file: 'revoked.yaml' }).start()).rejects.toThrow(/not a list/)
  })
})

describe('onStoreLoss', () => {
  it('serve: the last known list serves, for as long as it takes', async () => {
    const service = await world.startWithStore()
    world.listener?.lost('gone')
    world.clock.advance(3_600_000)
    expect(service.isIdle).toBe(true)
    expect(service.readiness()).toEqual({
      ready: true,
      detail: 'store: gone; the last known list serves',
    })
    expect(service.isStoreUp).toBe(false)
    service.close()
  })

  it('deny: for maxAwaySeconds it serves too, and then nothing passes until it is back', async () => {
    const service = await world.startWithStore({ onStoreLoss: 'deny' })
    expect(service.isIdle).toBe(true)
    world.listener?.lost('gone')
    world.clock.advance(4_999)
    expect([service.isIdle, service.judge(identifiers())]).toEqual([false, undefined])
    expect(service.readiness().ready).toBe(true)
    const told = world.observer.changed.mock.calls.length
    world.clock.advance(1)
    expect(world.observer.changed.mock.calls.length).toBeGreaterThan(told)
    expect(service.judge(identifiers())).toBe('revocation_unavailable')
    expect(service.readiness()).toEqual({
      ready: false,
      detail: 'store: gone; every token is refused',
    })
    world.listener?.connected()
    await until(() => service.isIdle)
    expect(service.readiness()).toEqual({ ready: true })
    service.close()
  })

  it('deny: lost again and again is lost since the first time', async () => {
    const service = await world.startWithStore({ onStoreLoss: 'deny' })
    for (let i = 0; i < 5; i++) {
      world.listener?.lost('gone')
      world.clock.advance(1_000)
    }
    expect(service.judge(identifiers())).toBe('revocation_unavailable')
    service.close()
  })

  it('deny: nothing passes before the first list, and the revoked are told so all the same', async () => {
    world.files['revoked.yaml'] = '[{"issuer":"main","sub":"alice"}]'
    const service = world.create({ onStoreLoss: 'deny', file: 'revoked.yaml' }, true)
    expect(service.isIdle).toBe(true)
    const started = service.start()
    expect(service.isIdle).toBe(false)
    world.listener?.lost('connect ECONNREFUSED')
    await started
    expect(service.judge(identifiers())).toBe('revoked')
    expect(service.judge(identifiers({ sub: 'bob' }))).toBe('revocation_unavailable')
    service.close()
  })
})
