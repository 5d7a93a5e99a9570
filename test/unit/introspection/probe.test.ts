/** How the introspection of one issuer comes back from trouble, in a time that only moves when a test moves it. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { IssuerIntrospection, type IntrospectionOptions } from '../../../src/introspection/index.js'
import { noTokenRules } from '../../../src/token/token-rules.js'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.js'
import { until } from '../../support/until.js'

const active = { active: true, aud: 'https://api.example.com', sub: 'alice' }
const options: IntrospectionOptions = {
  issuerId: 'main',
  issuer: 'https://main.example',
  endpoint: 'https://main.example/introspect',
  authentication: { method: 'client_secret_basic', clientId: 'gate', secretFile: 'secret' },
  requiresSignature: false,
  algorithms: new Set(['ES256']),
  honoursKeyIssuer: false,
  timeoutMs: 60_000,
  maxConcurrent: 64,
  maxNewTokensPerSecond: 1_000,
  maxWaitingChecks: 1_000,
  cacheMs: 30_000,
  negativeCacheMs: 5_000,
  maxResponseBytes: 65_536,
  allowInsecure: false,
  caFile: undefined,
  tokenPrefix: undefined,
  rules: noTokenRules,
  clockToleranceMs: 5_000,
  tokenCheck: 'jwt',
  tokenTypes: 'lenient',
  clientPlaces: [],
}

/** A question that is under way, to be answered by the test. */
interface Pending {
  answer(members: object): void
  fail(): void
}

let clock: FakeClock
let pending: Pending[]
let introspection: IssuerIntrospection
const circuit = vi.fn<(issuerId: string, fault: string | undefined, whose?: string) => void>()
beforeEach(() => {
  clock = createFakeClock()
  pending = []
  circuit.mockClear()
  introspection = new IssuerIntrospection(options, {
    clock,
    fetchFor: () => async () =>
      await new Promise<Response>((resolve, reject) => {
        pending.push({
          answer(members) {
            resolve(Response.json(members))
          },
          fail() {
            reject(new Error('cut'))
          },
        })
      }),
    readFile: async () => Buffer.from('secret'),
    randomId: () => 'id',
    hashOf: (accessToken) => accessToken,
    findKeys: () => {
      throw new TypeError('nothing here is signed')
    },
    neededClaims: [],
    observer: { asked: () => undefined, circuit, failing: () => undefined },
  })
})

async function ask(token = 'opaque'): Promise<string> {
  const { verification } = await introspection.introspect(token, () => true, false)
  return verification.authentication.kind
}

/** Asks, and waits until the question is under way. */
async function underWay(token = 'opaque'): Promise<{ kind: Promise<string>; question: Pending }> {
  const before = pending.length
  const kind = ask(token)
  await until(() => pending.length === before + 1)
  return { kind, question: pending.at(-1)! }
}

async function failOnce(): Promise<void> {
  const { kind, question } = await underWay(`failing-${String(pending.length)}`)
  question.fail()
  expect(await kind).toBe('introspection_unavailable')
}

async function open(): Promise<void> {
  for (let i = 0; i < 5; i++) await failOnce()
  expect(introspection.circuit).toBe('open')
}

describe('an issuer that was in trouble', () => {
  it('is asked one question after five seconds, whose answer lets everybody in again', async () => {
    await open()
    clock.advance(4_999)
    expect(await ask()).toBe('introspection_unavailable')
    expect(pending).toHaveLength(5)
    clock.advance(1)
    const { kind, question } = await underWay()
    const crowd = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => await ask(`t${String(i)}`)),
    )
    expect(new Set(crowd)).toEqual(new Set(['introspection_unavailable']))
    expect(pending).toHaveLength(6)
    question.answer(active)
    expect(await kind).toBe('verified')
    expect(introspection.circuit).toBe('closed')
    expect(introspection.lastFault).toBeUndefined()
    const next = await underWay()
    next.question.answer(active)
    expect(await next.kind).toBe('verified')
    expect(circuit.mock.calls).toEqual([
      ['main', expect.any(String), 'new'],
      ['main', undefined],
    ])
  })

  it('is well again when the probe was about a garbage token', async () => {
    await open()
    clock.advance(5_000)
    const { kind, question } = await underWay()
    question.answer({ active: false })
    expect(await kind).toBe('rejected')
    expect(introspection.circuit).toBe('closed')
  })

  it('is left in peace for five more seconds when the probe fails', async () => {
    await open()
    clock.advance(5_000)
    await failOnce()
    clock.advance(4_999)
    expect(await ask()).toBe('introspection_unavailable')
    expect(pending).toHaveLength(6)
    clock.advance(1)
    await failOnce()
    expect(pending).toHaveLength(7)
    expect(circuit).toHaveBeenCalledOnce()
  })

  it('has one probe at a time, also when questions of before fail meanwhile', async () => {
    const early = await underWay()
    clock.advance(1)
    await open()
    clock.advance(5_000)
    const probe = await underWay()
    early.question.fail()
    expect(await early.kind).toBe('introspection_unavailable')
    clock.advance(5_000)
    expect(await ask()).toBe('introspection_unavailable')
    expect(pending).toHaveLength(7)
    probe.question.answer(active)
    expect(await probe.kind).toBe('verified')
  })
})
