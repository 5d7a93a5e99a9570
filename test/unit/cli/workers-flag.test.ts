/** How many workers are asked for, and what each of them may count on. */
import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { coresForEach, parseWorkers } from '../../../src/cli/workers-flag.js'

describe('parseWorkers', () => {
  it('knows numbers, and auto for one on each core', () => {
    expect(['1', '2', '256', 'auto'].map(parseWorkers)).toEqual([1, 2, 256, availableParallelism()])
  })

  it.each(['', '0', '257', '-1', '1.5', '1e2', ' 1', 'two', '0x2'])('takes no %j', (text) => {
    expect(parseWorkers(text)).toBeUndefined()
  })
})

describe('coresForEach', () => {
  it('shares the cores, and leaves nobody without one', () => {
    const cores = availableParallelism()
    expect([1, cores, cores + 1, 256].map(coresForEach)).toEqual([cores, 1, 1, 1])
  })
})
