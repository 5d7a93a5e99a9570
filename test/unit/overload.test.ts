/** What may be begun while there is too much to do, and what is counted. */
import { describe, expect, it } from 'vitest'
import { createAdmission, usualVerifications } from '../../src/overload.js'
import { VerificationQueue } from '../../src/token/index.js'
import { createFakeClock } from '../support/fake-clock.js'

function setUp(hasSignatures: boolean) {
  const clock = createFakeClock()
  const queue = new VerificationQueue({ maxConcurrent: 1, maxWaitMs: 100 }, clock.monotonicMs)
  const loop = { delayMs: 0 }
  const shed = { loop: 0, queue: 0 }
  const signatures = hasSignatures ? queue : undefined
  const mayBegin = createAdmission({ loop, maxLoopDelayMs: 200, signatures, shed })
  return { clock, queue, loop, shed, mayBegin }
}

describe('admission', () => {
  it('ends when the loop is later than it may be, and begins again when it is not', () => {
    const { loop, shed, mayBegin } = setUp(true)
    const seen = [0, 200, 200.1, 900, 200, 0].map((delayMs) => {
      loop.delayMs = delayMs
      return mayBegin()
    })
    expect(seen).toEqual([true, true, false, false, true, true])
    expect(shed).toEqual({ loop: 2, queue: 0 })
  })

  it('ends while the queue for signatures is late', async () => {
    const { clock, queue, shed, mayBegin } = setUp(true)
    void queue.enter()
    const first = queue.enter()
    expect(mayBegin()).toBe(true)
    clock.advance(101)
    expect(mayBegin()).toBe(false)
    expect(shed).toEqual({ loop: 0, queue: 1 })
    queue.leave()
    await first
    expect(mayBegin()).toBe(true)
  })

  it('looks at no queue where a token need not have a signature', () => {
    const { clock, queue, mayBegin } = setUp(false)
    void queue.enter()
    void queue.enter()
    clock.advance(101)
    expect(mayBegin()).toBe(true)
  })
})

describe('signatures at the same time', () => {
  it.each([
    [1, 1],
    [2, 2],
    [4, 4],
    [64, 4],
  ])('on %i cores are %i', (cores, verifications) => {
    expect(usualVerifications(cores)).toBe(verifications)
  })
})
