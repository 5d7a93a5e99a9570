/**
 * What the compiler promises about decisions: each line that must not compile says so, and fails when it does.
 * `npm run typecheck` is the judge; at run time there is nothing left to see.
 */
import { describe, expectTypeOf, it } from 'vitest'
import type { Allow, Decision, Reason, Refusal } from '../../src/check/index.js'
import type { reasonAnswers } from '../../src/check/index.js'
import type { prepareCheckResponse } from '../../src/envoy/to-check-response.js'

describe('a decision', () => {
  it('is no any, which would make every promise below hold by itself', () => {
    expectTypeOf<Decision>().not.toBeAny()
    expectTypeOf<Refusal>().not.toBeAny()
    expectTypeOf<Allow>().not.toBeAny()
  })

  it('is narrowed before anything of an allow is read', () => {
    const read = (decision: Decision): unknown => {
      // @ts-expect-error: only an allow has identity headers
      const headers: unknown = decision.identityHeaders
      return decision.outcome === 'allow' ? decision.identityHeaders : headers
    }
    expectTypeOf(read).toBeFunction()
  })

  it('is narrowed before the reason of a refusal is read', () => {
    const read = (decision: Decision): unknown => {
      // @ts-expect-error: an allow has no reason
      const reason: unknown = decision.reason
      return decision.outcome === 'allow' ? reason : decision.reason
    }
    expectTypeOf(read).toBeFunction()
  })

  it('has exactly three outcomes', () => {
    expectTypeOf<Decision['outcome']>().toEqualTypeOf<'allow' | 'deny' | 'unavailable'>()
    expectTypeOf<Allow['outcome']>().toEqualTypeOf<'allow'>()
    expectTypeOf<Refusal['outcome']>().toEqualTypeOf<'deny' | 'unavailable'>()
  })
})

describe('a refusal', () => {
  it('never has identity headers', () => {
    expectTypeOf<Refusal>().not.toHaveProperty('identityHeaders')
  })

  it('is never taken for an allow', () => {
    expectTypeOf<Refusal>().not.toExtend<Allow>()
    expectTypeOf<Allow>().not.toExtend<Refusal>()
  })

  it('has a reason of the closed set', () => {
    expectTypeOf<Refusal['reason']>().toEqualTypeOf<Reason>()
    // @ts-expect-error: not a reason
    const reason: Reason = 'because'
    expectTypeOf(reason).toEqualTypeOf<Reason>()
  })

  it('has an answer for every reason, and none to spare', () => {
    expectTypeOf<keyof typeof reasonAnswers>().toEqualTypeOf<Reason>()
  })
})

describe('an allow', () => {
  it('cannot be made without its route and its identity headers', () => {
    // @ts-expect-error: the route and the identity headers are missing
    const allow: Allow = { outcome: 'allow', principal: undefined }
    expectTypeOf(allow).toEqualTypeOf<Allow>()
  })
})

describe('the answer to a decision', () => {
  it('is prepared from a decision and nothing else', () => {
    type Given = Parameters<typeof prepareCheckResponse>[0]
    expectTypeOf<Given>().toEqualTypeOf<Decision>()
    expectTypeOf<boolean>().not.toExtend<Given>()
  })
})
