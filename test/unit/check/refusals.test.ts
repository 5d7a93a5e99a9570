/** Refusals are shared, and what they are counted under is bounded whatever tokens say. */
import { describe, expect, it } from 'vitest'
import { LabelRegistry, Refusals } from '../../../src/check/refusals.js'
import { createRoute } from '../../support/policy.js'

describe('labels', () => {
  it('are one object for each combination', () => {
    const labels = new LabelRegistry()
    const one = labels.get('deny', 'expired', createRoute(), 'main')
    expect(labels.get('deny', 'expired', createRoute(), 'main')).toBe(one)
    expect(labels.get('deny', 'expired', createRoute(), 'partner')).not.toBe(one)
  })

  it('tell no more issuers apart when there are as many combinations as there may be', () => {
    const labels = new LabelRegistry(2)
    const early = labels.get('deny', 'expired', undefined, 'a')
    labels.get('deny', 'expired', undefined, 'b')
    const late = labels.get('deny', 'expired', undefined, 'c')
    expect(late).toMatchObject({ reason: 'expired', issuer: '_other' })
    expect(labels.get('deny', 'expired', undefined, 'd')).toBe(late)
    expect(labels.get('deny', 'expired', undefined, 'a')).toBe(early)
    // Without an issuer there is nothing to leave out: reasons and routes are few.
    expect(labels.get('deny', 'missing_token', undefined, undefined).issuer).toBe('none')
  })
})

describe('refusals', () => {
  it('of issuers that are not counted apart are one', () => {
    const refusals = new Refusals(new LabelRegistry(1))
    const route = createRoute()
    const first = refusals.get('bad_signature', route, 'a')
    const others = ['b', 'c', 'd'].map((id) => refusals.get('bad_signature', route, id))
    expect(new Set(others).size).toBe(1)
    expect(others[0]?.labels.issuer).toBe('_other')
    expect(refusals.get('bad_signature', route, 'a')).toBe(first)
  })
})
