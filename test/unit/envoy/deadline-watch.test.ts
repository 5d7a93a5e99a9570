import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DeadlineWatch } from '../../../src/envoy/deadline-watch.js'

describe('the watch over deadlines', () => {
  let watch: DeadlineWatch
  beforeEach(() => {
    vi.useFakeTimers()
    watch = new DeadlineWatch(() => Date.now())
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** A call that is due after so many milliseconds, and what has become of it. */
  function dueIn(ms: number): { isOver: boolean; endedAtMs?: number; looks: number } {
    const dueAtMs = Date.now() + ms
    const call = {
      isOver: false,
      endedAtMs: undefined as number | undefined,
      looks: 0,
      endIfDue(nowMs: number): boolean {
        call.looks += 1
        if (call.isOver || nowMs < dueAtMs) return call.isOver
        call.endedAtMs = nowMs
        return true
      },
    }
    watch.add(call)
    return call as ReturnType<typeof dueIn>
  }
  it('ends each call within five milliseconds of its deadline, in any order, and never before', () => {
    const startMs = Date.now()
    const deadlines = [200, 3, 50, 51, 7, 200]
    const calls = deadlines.map(dueIn)
    vi.advanceTimersByTime(1_000)
    for (const [index, { endedAtMs = 0 }] of calls.entries()) {
      const late = endedAtMs - startMs - (deadlines[index] as number)
      expect(late).toBeGreaterThanOrEqual(0)
      expect(late).toBeLessThanOrEqual(5)
    }
  })

  it('looks no more at a call that is over, and not at all when none is left', () => {
    const [over, other] = [dueIn(500), dueIn(20)]
    over.isOver = true
    vi.advanceTimersByTime(100)
    expect(over.looks).toBe(1)
    expect(other.looks).toBe(4)
    expect(vi.getTimerCount()).toBe(0)
    const later = dueIn(10)
    vi.advanceTimersByTime(10)
    expect(later.looks).toBe(2)
  })
})
