import { describe, expect, it, vi } from 'vitest'
import { within } from '../../src/deadline.js'
import { createFakeClock } from '../support/fake-clock.js'

function never(): Promise<string> {
  return new Promise(() => undefined)
}

describe('within', () => {
  it('resolves like work that is done in time', async () => {
    expect(await within(createFakeClock(), 100, Promise.resolve('done'), 'late')).toBe('done')
  })

  it('resolves to late at the very moment the time is over', async () => {
    const clock = createFakeClock()
    const settled = vi.fn()
    const waiting = within(clock, 100, never(), 'late').then(settled)
    clock.advance(99)
    await Promise.resolve()
    expect(settled).not.toHaveBeenCalled()
    clock.advance(1)
    await waiting
    expect(settled).toHaveBeenCalledWith('late')
  })

  it.each([0, -1, Number.NEGATIVE_INFINITY])(
    'does not wait at all with %d ms',
    async (budgetMs) => {
      expect(await within(createFakeClock(), budgetMs, never(), 'late')).toBe('late')
    },
  )

  it('rejects like work that fails in time', async () => {
    const work = Promise.reject(new Error('broken'))
    await expect(within(createFakeClock(), 100, work, 'late')).rejects.toThrow('broken')
  })

  it('ignores work that fails too late', async () => {
    const clock = createFakeClock()
    let fail: (error: Error) => void = () => undefined
    const work = new Promise<string>((_, reject) => {
      fail = reject
    })
    const waiting = within(clock, 100, work, 'late')
    clock.advance(100)
    fail(new Error('too late'))
    expect(await waiting).toBe('late')
  })

  // A promise that nobody listens to ends the process when it rejects; vitest fails the run in its place.
  it('listens to work that fails although there was no time for it', async () => {
    const work: Promise<string> = Promise.reject(new Error('broken'))
    const listen = vi.spyOn(work, 'then')
    expect(await within(createFakeClock(), 0, work, 'late')).toBe('late')
    expect(listen).toHaveBeenCalled()
  })

  it('leaves no timer behind', async () => {
    const clock = createFakeClock()
    const cancel = vi.fn()
    const counted = { ...clock, after: () => cancel }
    await within(counted, 100, Promise.resolve('done'), 'late')
    await Promise.resolve()
    expect(cancel).toHaveBeenCalledTimes(1)
  })
})
