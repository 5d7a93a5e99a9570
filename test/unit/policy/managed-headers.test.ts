import { describe, expect, it } from 'vitest'
import { maxHyphens, requestOverrideHeaders, underscoreTwins } from '../../../src/policy/index.js'

describe('underscoreTwins', () => {
  it.each([
    ['subject', []],
    ['x-sub', ['x_sub']],
    ['x-auth-subject', ['x_auth-subject', 'x-auth_subject', 'x_auth_subject']],
  ])('of %s are every other spelling', (name, twins) => {
    expect(underscoreTwins(name)).toEqual(twins)
  })

  it('are two to the number of hyphens, less the name itself, without repetition', () => {
    const twins = underscoreTwins('a-b-c-d-e-f')
    expect(twins).toHaveLength(2 ** maxHyphens - 1)
    expect(new Set(twins).size).toBe(twins.length)
    expect(twins).not.toContain('a-b-c-d-e-f')
    for (const twin of twins) expect(twin.replaceAll('_', '-')).toBe('a-b-c-d-e-f')
  })
})

describe('requestOverrideHeaders', () => {
  it('are lower case, and few enough hyphens for their twins', () => {
    for (const name of requestOverrideHeaders) {
      expect(name).toMatch(/^[a-z-]+$/)
      expect(name.split('-').length - 1).toBeLessThanOrEqual(maxHyphens)
    }
    expect(requestOverrideHeaders).toContain('x-http-method-override')
    expect(requestOverrideHeaders).toContain('x-original-url')
  })
})
