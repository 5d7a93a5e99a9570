import { describe, expect, it } from 'vitest'
import { isCanonicalMethod } from '../../../src/policy/index.js'

describe('isCanonicalMethod', () => {
  it.each(['GET', 'POST', 'OPTIONS', 'M-SEARCH', 'VERSION-CONTROL', 'X', 'A_1', 'X'.repeat(32)])(
    'holds for %s',
    (method) => {
      expect(isCanonicalMethod(method)).toBe(true)
    },
  )

  it.each(['', 'get', 'Get', 'GEt', ' GET', 'GET ', 'GET\n', 'GET\0', 'GÉT', '1GET', '-', 'G/T'])(
    'does not hold for %j',
    (method) => {
      expect(isCanonicalMethod(method)).toBe(false)
    },
  )

  it('does not hold for more than 32 characters', () => {
    expect(isCanonicalMethod('X'.repeat(33))).toBe(false)
  })
})
