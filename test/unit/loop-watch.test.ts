/** How late the loop is, told by timers that come too late. */
import { describe, expect, it } from 'vitest'
import { LoopWatch, type LoopClock } from '../../src/loop-watch.js'

/** A clock whose next timer comes as late as the test says. */
function createLateClock() {
  let nowMs = 0
  let pending: { atMs: number; call: () => void } | undefined
  const clock: LoopClock = {
    monotonicMs: () => nowMs,
    after(delayMs, call) {
      pending = { atMs: nowMs + delayMs, call }
      return () => (pending = undefined)
    },
  }
  return {
    clock,
    isWaiting: () => pending !== undefined,
    fire(lateMs: number) {
      const timer = pending
      if (timer === undefined) throw new Error('nothing is waited for')
      pending = undefined
      nowMs = timer.atMs + lateMs
      timer.call()
    },
  }
}

describe('the watch of the event loop', () => {
  it('says how late the loop was twice in a row, and forgets it at the first look in time', () => {
    const late = createLateClock()
    const watch = new LoopWatch(late.clock)
    const seen = [0, 300, 250, 400, 1, 0].map((lateMs) => {
      late.fire(lateMs)
      return watch.delayMs
    })
    expect(seen).toEqual([0, 0, 250, 250, 1, 0])
  })

  it('takes no single stall for overload, however long', () => {
    const late = createLateClock()
    const watch = new LoopWatch(late.clock)
    for (const lateMs of [0, 5_000, 0, 5_000, 0]) {
      late.fire(lateMs)
      expect(watch.delayMs).toBe(0)
    }
  })

  it('looks no more once it is stopped', () => {
    const late = createLateClock()
    const watch = new LoopWatch(late.clock)
    late.fire(0)
    watch.stop()
    expect(late.isWaiting()).toBe(false)
  })
})
