/**
 * Everything that an issuer can do wrong, while a crowd brings tokens with unknown keys: tokens whose key is known, and
 * tokens of another issuer, are never refused beside it (standards 54 to 57; P1, P2, P4).
 */
import { generateKeyPairSync } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  createTestKey,
  sendJson,
  startTestAuthorizationServer,
  type Answer,
  type TestAuthorizationServer,
  type TestKey,
} from '../../support/authorization-server.js'
import type { CheckAnswer } from '../../support/check-client.js'
import { startTestGate, testConfig, type TestGate } from '../../support/test-gate.js'
import { until } from '../../support/until.js'
import { startValidTraffic, type ValidTraffic } from '../../support/valid-traffic.js'

let main: TestAuthorizationServer
let other: TestAuthorizationServer
let stranger: TestKey
let gate: TestGate
let traffic: ValidTraffic
/** Tokens with kids that nobody has: more than may wait in the whole gate. */
let crowd: readonly string[]

beforeAll(async () => {
  ;[main, other] = await Promise.all([
    startTestAuthorizationServer(),
    startTestAuthorizationServer(),
  ])
  stranger = await createTestKey()
  crowd = await Promise.all(Array.from({ length: 50 }, () => strange(crypto.randomUUID())))
  const keys = {
    discovery: true,
    refreshSeconds: 0.1,
    maxStaleSeconds: 3_600,
    cooldownSeconds: 0.02,
    timeoutSeconds: 1, // Long enough for a good answer on a machine that others use too.
    maxWaitingChecks: 10,
  }
  gate = await startTestGate(
    testConfig(main, {
      issuers: [
        { id: 'main', issuer: main.issuer, keys },
        { id: 'other', issuer: other.issuer },
      ],
      // The crowd that may wait waits so long, twice in every test; nobody else may need it, on a busy machine either.
      limits: { maxWaitingChecks: 30, decisionTimeoutMs: 1_000 },
    }),
  )
})

/** Retries of a set that failed often are up to 15 s apart. */
const patienceMs = 30_000
const patient = { timeout: 60_000 }

beforeEach(() => {
  traffic = startValidTraffic(gate, [main, other])
})

afterEach(() => {
  main.answer('/jwks', undefined)
})

afterAll(async () => {
  await gate.close()
  await Promise.all([main.close(), other.close()])
})

async function ask(token: string): Promise<CheckAnswer> {
  return await gate.client.check({ path: '/read', headers: { authorization: `Bearer ${token}` } })
}

/** A token of the issuer, signed by a key that it does not have, under any name. */
async function strange(kid: string): Promise<string> {
  return await main.sign(JSON.stringify(main.claims()), { kid }, stranger)
}

/** Asks for the whole crowd at once; none may be allowed. The reasons. */
async function flood(): Promise<ReadonlySet<unknown>> {
  const answers = await Promise.all(crowd.map(ask))
  for (const { kind } of answers) expect(kind).toBe('denied')
  return new Set(answers.map(({ metadata }) => metadata['reason']))
}

async function report(): Promise<{
  lastError: string | null
  refusedKeys: number
  keys: object[]
}> {
  const response = await fetch(`http://${gate.addresses.admin}/issuers`)
  const [first] = (await response.json()) as Awaited<ReturnType<typeof report>>[]
  return first!
}

function jwks(keys: readonly unknown[]): Answer {
  return (_, response) => {
    sendJson(response, { keys })
  }
}

const known = (): unknown => main.keys[0]!.jwk
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({
  format: 'jwk',
})
const weak = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({
  format: 'jwk',
})

describe(
  'while a crowd brings unknown kids, nobody else is refused when the issuer',
  patient,
  () => {
    const faults: [string, () => Answer, RegExp][] = [
      ['answers 500', () => (_, response) => response.writeHead(500).end(), /status 500/],
      ['answers with HTML', () => (_, response) => response.end('<html>'), /not JSON/],
      [
        'redirects to another host',
        () => (_, response) => {
          response.writeHead(302, { location: `${other.issuer}/jwks` }).end()
        },
        /another origin/,
      ],
      [
        'sends 10 MiB',
        () => (_, response) => response.end(Buffer.alloc(10_485_760, 0x20)),
        /more than 1048576 bytes/,
      ],
      [
        'sends its body drop by drop',
        () => (_, response) => {
          const timer = setInterval(() => response.write(' '), 10)
          response.on('close', () => {
            clearInterval(timer)
          })
        },
        /timeout/,
      ],
      ['never answers', () => () => undefined, /timeout/],
      ['breaks the connection', () => (_, response) => response.destroy(), /fetch failed/],
      ['has no keys', () => jwks([]), /no usable/],
      ['has 10,000 keys', () => jwks(Array(10_000).fill({ kty: 'EC' })), /10000 keys/],
      ['has only a weak key', () => jwks([{ ...weak, kid: 'weak' }]), /no usable/],
      ['has only a private key', () => jwks([rsa]), /no usable/],
      ['has only a secret', () => jwks([{ kty: 'oct', k: 'c2VjcmV0' }]), /no usable/],
    ]

    it.each(faults)('%s', async (_, answer, error) => {
      main.answer('/jwks', answer())
      await Promise.all([flood(), traffic.more(20)])
      await until(
        async () => error.test((await report()).lastError ?? ''),
        String(error),
        patienceMs,
      )
      const reasons = await flood()
      for (const reason of reasons) {
        expect(['keys_unavailable', 'deadline', 'overloaded', 'unknown_key']).toContain(reason)
      }
      await traffic.more(20)
      expect(await traffic.end()).toEqual([])
      main.answer('/jwks', undefined)
      await until(
        async () => (await report()).lastError === null,
        'the issuer is well again',
        patienceMs,
      )
    })

    const mixed: [string, () => unknown, string][] = [
      ['a weak key', () => ({ ...weak, kid: 'bad' }), 'bad'],
      ['a private key', () => ({ ...rsa, kid: 'bad' }), 'bad'],
      ['a secret', () => ({ kty: 'oct', k: 'c2VjcmV0', kid: 'bad' }), 'bad'],
    ]

    it.each(mixed)('has %s beside the good one', async (_, bad, kid) => {
      main.answer('/jwks', jwks([known(), bad()]))
      await until(async () => (await report()).refusedKeys === 1)
      await Promise.all([flood(), traffic.more(20)])
      expect((await ask(await strange(kid))).kind).toBe('denied')
      expect(await traffic.end()).toEqual([])
    })

    it('has two keys of one kid', async () => {
      const { kid } = main.keys[0]!.jwk
      main.answer('/jwks', jwks([{ ...stranger.jwk, kid }, known()]))
      await until(async () => (await report()).keys.length === 2)
      expect((await ask(await strange(kid))).kind).toBe('ok')
      await Promise.all([flood(), traffic.more(20)])
      expect(await traffic.end()).toEqual([])
      main.answer('/jwks', undefined)
      await until(async () => (await report()).keys.length === 1)
      expect((await ask(await strange(kid))).kind).toBe('denied')
    })

    it('rotates while its document is on the way', async () => {
      const rotated = await createTestKey()
      const held: (() => void)[] = []
      main.answer('/jwks', (_, response) => {
        held.push(() => {
          sendJson(response, { keys: [known(), rotated.jwk] })
        })
      })
      await until(() => held.length > 0)
      const first = main.sign(JSON.stringify(main.claims()), {}, rotated).then(ask)
      await Promise.all([flood(), traffic.more(20)])
      main.answer('/jwks', jwks([known(), rotated.jwk]))
      for (const release of held) release()
      await first
      await until(
        async () =>
          (await ask(await main.sign(JSON.stringify(main.claims()), {}, rotated))).kind === 'ok',
      )
      expect(await traffic.end()).toEqual([])
    })
  },
)

describe('while a crowd brings signatures that are none of a known kid', patient, () => {
  it('nobody else is refused, also when the issuer hangs', async () => {
    main.answer('/jwks', () => undefined)
    const { kid } = main.keys[0]!.jwk
    const answers: Promise<CheckAnswer>[] = []
    for (let round = 0; round < 4; round++) {
      const tokens = await Promise.all(Array.from({ length: 20 }, () => strange(kid)))
      answers.push(...tokens.map(ask))
      await traffic.more(5)
    }
    for (const { kind } of await Promise.all(answers)) expect(kind).toBe('denied')
    await traffic.more(20)
    expect(await traffic.end()).toEqual([])
  })
})
