/** What a refresh does to tokens that were verified before it, and which keys a token is tried with (standards 56, 59, 60). */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  createAuthenticate,
  createJwtVerifier,
  PendingAuthentication,
  TokenCache,
} from '../../../src/token/index.js'
import { createTestKey, type TestKey } from '../../support/authorization-server.js'
import { createNamedKey } from '../../support/named-key.js'
import { signJws } from '../../support/forged-jws.js'
import { createKeySetWorld, type KeySetWorld } from '../../support/key-set-world.js'
import { anyRoute, sentToken, settled } from '../../support/pending.js'
import { until } from '../../support/until.js'

const issuer = 'https://issuer.example'

let a: TestKey
let b: TestKey
let c: TestKey
beforeAll(async () => {
  ;[a, b, c] = await Promise.all([createNamedKey('a'), createNamedKey('b'), createNamedKey('c')])
})

function tokenOf(key: TestKey, header: Record<string, unknown> = {}): string {
  return signJws(
    { alg: key.algorithm, typ: 'at+jwt', kid: key.jwk.kid, ...header },
    { iss: issuer, aud: 'x', sub: 's', client_id: 'c', jti: 'j', iat: 0, exp: 9_999_999_999 },
    key,
  )
}

/** The published form of a key with members changed. */
function published(key: TestKey, changes: Record<string, unknown>): TestKey {
  return { ...key, jwk: { ...key.jwk, ...changes } }
}

async function startWith(network: KeySetWorld['network']) {
  const world = createKeySetWorld(network)
  world.keySets.start()
  await until(() => world.refreshes.length === 1)
  const verify = createJwtVerifier({
    issuers: [
      {
        id: 'main',
        issuer,
        algorithms: new Set(['ES256', 'RS256', 'PS256']),
        tokenTypes: ['at+jwt'],
        clockToleranceMs: 0,
      },
    ],
    findKeys: (id, kid, algorithm) => world.keySets.find(id, kid, algorithm),
    findOtherKeys: (id, kid, algorithm, tried) =>
      world.keySets.findOthers(id, kid, algorithm, tried),
    neededClaims: [],
    wallMs: world.clock.wallMs,
  })
  const limits = { maxTokens: 100, maxBytes: 1e6, maxRejections: 100, rejectionTtlMs: 10_000 }
  const authenticate = createAuthenticate(verify, new TokenCache(limits, world.clock), {
    maxWaiting: 1_000,
    maxWaitingForKeys: new Map([['main', 1_000]]),
  })

  /** Publishes keys and lets the scheduled refresh take them over. */
  async function refreshWith(keys: KeySetWorld['network']): Promise<void> {
    world.network = keys
    const { length } = world.refreshes
    world.clock.advance(300_000)
    await until(() => world.refreshes.length === length + 1)
  }

  async function verdict(token: string): Promise<string> {
    const authentication = await settled(authenticate(sentToken(token), anyRoute))
    return authentication.kind === 'rejected' ? authentication.reason : authentication.kind
  }
  return { world, authenticate, refreshWith, verdict }
}

describe('a token that was verified', () => {
  it('stays remembered while the issuer keeps publishing its key', async () => {
    const { authenticate, refreshWith } = await startWith([a])
    const token = tokenOf(a)
    await settled(authenticate(sentToken(token), anyRoute))
    await refreshWith([a, b])
    expect(authenticate(sentToken(token), anyRoute)).toMatchObject({ kind: 'verified' })
    await refreshWith([b, a])
    expect(authenticate(sentToken(token), anyRoute)).toMatchObject({ kind: 'verified' })
  })

  it('is refused at once after the refresh that dropped its key', async () => {
    const { authenticate, refreshWith, verdict } = await startWith([a, b])
    const token = tokenOf(a)
    expect(await verdict(token)).toBe('verified')
    await refreshWith([b])
    expect(authenticate(sentToken(token), anyRoute)).toBeInstanceOf(PendingAuthentication)
    expect(await verdict(token)).toBe('unknown_key')
    expect(await verdict(tokenOf(b))).toBe('verified')
  })

  it('is refused at once after a refresh that another token caused', async () => {
    const { world, verdict } = await startWith([a])
    const token = tokenOf(a)
    expect(await verdict(token)).toBe('verified')
    world.network = [b]
    expect(await verdict(tokenOf(b))).toBe('verified')
    expect(await verdict(token)).toBe('unknown_key')
  })

  it('is refused when its kid now names another key', async () => {
    const { refreshWith, verdict } = await startWith([a])
    const token = tokenOf(a)
    expect(await verdict(token)).toBe('verified')
    await refreshWith([published(b, { kid: 'a' })])
    expect(await verdict(token)).toBe('bad_signature')
  })

  it('is accepted again when the issuer publishes its key again', async () => {
    const { refreshWith, verdict } = await startWith([a, b])
    const token = tokenOf(a)
    await verdict(token)
    await refreshWith([b])
    expect(await verdict(token)).toBe('unknown_key')
    await refreshWith([a, b])
    expect(await verdict(token)).toBe('verified')
  })

  it('stays good through an outage, and not longer than the keys are trusted', async () => {
    const { world, authenticate, refreshWith, verdict } = await startWith([a])
    const token = tokenOf(a)
    await verdict(token)
    await refreshWith('down')
    world.clock.advance(86_400_000 - 300_001)
    expect(authenticate(sentToken(token), anyRoute)).toMatchObject({ kind: 'verified' })
    world.clock.advance(1)
    expect(await verdict(token)).toBe('unavailable')
  })

  it('survives a refresh whose document is no key set', async () => {
    const { authenticate, refreshWith, verdict, world } = await startWith([a])
    const token = tokenOf(a)
    await verdict(token)
    await refreshWith([])
    expect(world.refreshes.at(-1)).toContain('no usable public signature key')
    expect(authenticate(sentToken(token), anyRoute)).toMatchObject({ kind: 'verified' })
  })
})

describe('a key whose alg the issuer changes', () => {
  it('verifies by its new alg from the next refresh on, and no more by the old one', async () => {
    const key = await createNamedKey('rsa', 'RS256')
    const { refreshWith, verdict } = await startWith([published(key, { alg: 'PS256' })])
    expect(await verdict(tokenOf(key))).toBe('algorithm_not_allowed')
    await refreshWith([key])
    expect(await verdict(tokenOf(key, { cty: 'another token' }))).toBe('verified')
  })
})

describe('a token without kid', () => {
  it('is tried with every key of the set', async () => {
    const { verdict } = await startWith([a, b, c])
    for (const key of [a, b, c]) {
      expect(await verdict(tokenOf(key, { kid: undefined }))).toBe('verified')
    }
  })

  it('is verified by a key that has no kid either', async () => {
    const { verdict } = await startWith([a, published(b, { kid: undefined })])
    expect(await verdict(tokenOf(b, { kid: undefined }))).toBe('verified')
    expect(await verdict(tokenOf(b))).toBe('unknown_key')
  })

  it('of a key that is not in the set has a bad signature and costs no fetch', async () => {
    const { verdict, world } = await startWith([a, b])
    expect(await verdict(tokenOf(c, { kid: undefined }))).toBe('bad_signature')
    expect(world.requestedAtMs).toHaveLength(1)
  })

  it('is not tried with keys of another algorithm', async () => {
    const rsa = await createNamedKey('rsa', 'RS256')
    const { verdict } = await startWith([rsa])
    expect(await verdict(tokenOf(a, { kid: undefined }))).toBe('unknown_key')
  })

  it('is tried with no more than 16 keys', async () => {
    const many = await Promise.all(Array.from({ length: 17 }, () => createTestKey()))
    const { verdict } = await startWith(many)
    expect(await verdict(tokenOf(many[15]!, { kid: undefined }))).toBe('verified')
    expect(await verdict(tokenOf(many[16]!, { kid: undefined }))).toBe('bad_signature')
    expect(await verdict(tokenOf(many[16]!))).toBe('verified')
  })
})

describe('two keys of one kid', () => {
  it('are both tried', async () => {
    const { verdict } = await startWith([a, published(b, { kid: 'a' })])
    expect(await verdict(tokenOf(a))).toBe('verified')
    expect(await verdict(tokenOf(b, { kid: 'a' }))).toBe('verified')
    expect(await verdict(tokenOf(c, { kid: 'a' }))).toBe('bad_signature')
  })

  it('of two types are told apart by the algorithm', async () => {
    const rsa = await createNamedKey('a', 'RS256')
    const { verdict } = await startWith([rsa, a])
    expect(await verdict(tokenOf(a))).toBe('verified')
    expect(await verdict(tokenOf(rsa))).toBe('verified')
  })
})
