/** Turns for signatures: who waits, who is refused, and that every turn comes back. */
import fc from 'fast-check'
import { CompactSign } from 'jose'
import { describe, expect, it } from 'vitest'
import { createAuthenticate, TokenCache, VerificationQueue } from '../../../src/token/index.js'
import type { JwtVerification } from '../../../src/token/verify-jwt.js'
import { createFakeClock } from '../../support/fake-clock.js'
import { createTestKey } from '../../support/authorization-server.js'
import {
  checkRequest,
  createInProcessCheck,
  inProcessClaims,
} from '../../support/in-process-check.js'
import { anyRoute, sentToken, settled } from '../../support/pending.js'
import { until } from '../../support/until.js'

function setUp(maxConcurrent: number, maxWaitMs = 100) {
  const clock = createFakeClock()
  let refused = 0
  const queue = new VerificationQueue({ maxConcurrent, maxWaitMs }, clock.monotonicMs, () => {
    refused += 1
  })
  return { clock, queue, refused: () => refused }
}

describe('the queue for signatures', () => {
  it('lets so many verify at once, without waiting, and the others in their order', async () => {
    const { queue } = setUp(2)
    expect([queue.enter(), queue.enter()]).toEqual([true, true])
    const order: string[] = []
    const waiting = ['a', 'b'].map(async (name) => {
      if (await queue.enter()) order.push(name)
    })
    expect(queue.waiting).toBe(2)
    queue.leave()
    queue.leave()
    await Promise.all(waiting)
    expect(order).toEqual(['a', 'b'])
    queue.leave()
    queue.leave()
    expect([queue.enter(), queue.enter()]).toEqual([true, true])
  })

  it('refuses at once who comes while the first has waited for too long', async () => {
    const { clock, queue, refused } = setUp(1)
    void queue.enter()
    const first = queue.enter()
    clock.advance(100)
    expect(queue.isLate).toBe(false)
    const second = queue.enter()
    clock.advance(1)
    expect(queue.isLate).toBe(true)
    expect(queue.enter()).toBe(false)
    expect(refused()).toBe(1)
    queue.leave() // The first is too late for its turn; the second is not.
    expect(await first).toBe(false)
    expect(await second).toBe(true)
    expect(refused()).toBe(2)
    expect(queue.isLate).toBe(false)
  })

  it('lets nobody wait for long in a flood, and for as long as before when nobody had to be refused for a time', async () => {
    const { clock, queue } = setUp(1)
    void queue.enter()
    const late = queue.enter()
    clock.advance(101)
    queue.leave()
    expect(await late).toBe(false)
    void queue.enter()
    const [soon, notSoon] = [queue.enter(), queue.enter()]
    clock.advance(5)
    queue.leave()
    expect(await soon).toBe(true)
    clock.advance(1)
    expect(queue.isLate).toBe(true)
    queue.leave()
    expect(await notSoon).toBe(false)

    clock.advance(95)
    void queue.enter()
    const calm = queue.enter()
    clock.advance(6)
    expect(queue.isLate).toBe(false)
    clock.advance(94)
    queue.leave()
    expect(await calm).toBe(true)
  })

  it('is free again after everybody was too late', async () => {
    const { clock, queue } = setUp(1)
    void queue.enter()
    const [one, other] = [queue.enter(), queue.enter()]
    clock.advance(1_000)
    queue.leave()
    expect([await one, await other]).toEqual([false, false])
    expect([queue.waiting, queue.enter()]).toEqual([0, true])
  })

  it('never verifies more at once, loses no turn, and lets nobody in too late, whatever happens', async () => {
    const step = fc.oneof(
      fc.constant('enter' as const),
      fc.constant('leave' as const),
      fc.integer({ min: 1, max: 80 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, queue, refused } = setUp(3)
        const seen = { running: 0, asked: 0, served: 0, latest: 0 }
        const enter = async (): Promise<void> => {
          const sinceMs = clock.monotonicMs()
          seen.asked += 1
          if (!(await queue.enter())) return
          seen.served += 1
          seen.running += 1
          seen.latest = Math.max(seen.latest, clock.monotonicMs() - sinceMs)
        }
        const asked: Promise<void>[] = []
        const leave = async (): Promise<void> => {
          if (seen.running === 0) return
          seen.running -= 1
          queue.leave()
          await new Promise(setImmediate)
          expect(seen.running).toBeLessThanOrEqual(3)
        }
        for (const one of steps) {
          if (one === 'enter') asked.push(enter())
          else if (one === 'leave') await leave()
          else clock.advance(one)
          await new Promise(setImmediate)
        }
        while (seen.running > 0) await leave()
        await Promise.all(asked)
        expect(seen.served + refused()).toBe(seen.asked)
        expect(seen.latest).toBeLessThanOrEqual(100)
        expect(Array.from({ length: 4 }, () => queue.enter() === true)).toEqual([
          ...[true, true, true],
          false,
        ])
      }),
      { numRuns: 60 },
    )
  })
})

describe('a check while there is too much to do', () => {
  const limits = { maxTokens: 10, maxBytes: 1e6, maxRejections: 10, rejectionTtlMs: 10_000 }
  const verification: JwtVerification = {
    authentication: { kind: 'rejected', reason: 'bad_signature', issuerId: 'main' },
  }

  it('answers what is known, joins what is under way, and begins nothing', async () => {
    let mayBegin = true
    let begun = 0
    let finish = (): void => undefined
    const done = new Promise<void>((resolve) => (finish = resolve))
    const authenticate = createAuthenticate(
      async (accessToken) => {
        begun += 1
        if (accessToken === 'slow') await done
        return verification
      },
      new TokenCache(limits, createFakeClock()),
      { maxWaiting: 100, maxWaitingForKeys: new Map(), mayBegin: () => mayBegin },
    )
    await settled(authenticate(sentToken('known'), anyRoute))
    const slow = authenticate(sentToken('slow'), anyRoute)
    mayBegin = false
    expect(authenticate(sentToken('known'), anyRoute)).toBe(verification.authentication)
    expect(authenticate(sentToken('slow'), anyRoute)).toBe(slow)
    expect(authenticate(sentToken('new'), anyRoute)).toEqual({
      kind: 'overloaded',
      issuerId: undefined,
    })
    expect(begun).toBe(2)
    finish()
    await settled(slow)
    mayBegin = true
    expect(await settled(authenticate(sentToken('new'), anyRoute))).toBe(
      verification.authentication,
    )
  })

  it.each(['good', 'forged'])('is 503 and not 401 for a %s token without a turn', async (kind) => {
    const key = await createTestKey()
    let queue: VerificationQueue | undefined
    const { check, clock } = createInProcessCheck([key], undefined, ({ monotonicMs }) => {
      queue = new VerificationQueue({ maxConcurrent: 1, maxWaitMs: 100 }, monotonicMs)
      return queue
    })
    const token = await new CompactSign(Buffer.from(JSON.stringify(inProcessClaims(clock))))
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: key.jwk.kid })
      .sign(key.privateKey)
    const sent = kind === 'good' ? token : `${token.slice(0, -8)}AAAAAAAA`
    const ask = async () => await check(checkRequest({ authorization: `Bearer ${sent}` }))
    void queue?.enter()
    const refusal = ask()
    await until(() => queue?.waiting === 1)
    clock.advance(101)
    queue?.leave()
    expect(await refusal).toMatchObject({ outcome: 'unavailable', reason: 'overloaded' })
    // Nothing was remembered of it: with a turn it is what it is.
    expect(await ask()).toMatchObject(
      kind === 'good' ? { outcome: 'allow' } : { outcome: 'deny', reason: 'bad_signature' },
    )
  })
})
