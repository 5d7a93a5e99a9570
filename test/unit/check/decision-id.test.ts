import { describe, expect, it } from 'vitest'
import { createDecisionIds, decisionIdLength } from '../../../src/check/index.js'

const prefix = '0123456789abcdef'

describe('createDecisionIds', () => {
  it('counts in eight digits behind the prefix', () => {
    const next = createDecisionIds(prefix)
    expect([next(), next(), next()]).toEqual([
      `${prefix}00000001`,
      `${prefix}00000002`,
      `${prefix}00000003`,
    ])
  })

  it('never gives an id twice, and all of one length', () => {
    const next = createDecisionIds(prefix)
    const given = Array.from({ length: 100_000 }, next)
    const ids = new Set(given)
    expect(ids.size).toBe(100_000)
    expect(given).toEqual(given.toSorted())
    expect(given.at(-1)).toBe(`${prefix}000186a0`)
    expect(new Set(Array.from(ids, (id) => id.length))).toEqual(new Set([decisionIdLength]))
  })

  it('gives other ids for another prefix', () => {
    expect(createDecisionIds('f'.repeat(16))()).not.toBe(createDecisionIds(prefix)())
  })

  it.each(['', '0123456789abcde', '0123456789abcdef0', '0123456789ABCDEF', '0123456789abcdeg'])(
    'refuses the prefix %j',
    (wrong) => {
      expect(() => createDecisionIds(wrong)).toThrow(TypeError)
    },
  )
})
