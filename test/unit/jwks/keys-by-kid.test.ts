/** Keys that have a URL each: what an unknown `kid` costs, what known ones are spared, and every fault (ADR 0031). */
import { generateKeyPairSync } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { KeySearch } from '../../../src/jwks/index.js'
import { kidBudget } from '../../../src/jwks/keys-by-kid.js'
import type { TestKey } from '../../support/authorization-server.js'
import {
  createKeyUrlWorld,
  onlyKey,
  pemOf,
  startKnowing,
  stateOf,
} from '../../support/key-url-world.js'
import { createNamedKey } from '../../support/named-key.js'
import { until } from '../../support/until.js'

const unknown = { kind: 'unknown_key' }
let key: TestKey
let other: TestKey
let pem: string
let otherPem: string
beforeAll(async () => {
  ;[key, other] = await Promise.all([createNamedKey('key'), createNamedKey('other')])
  ;[pem, otherPem] = [pemOf(key.jwk), pemOf(other.jwk)]
})

/** All answers, waited for or not. */
async function settled(
  searches: readonly (KeySearch | Promise<KeySearch>)[],
): Promise<readonly KeySearch[]> {
  return await Promise.all(searches.map(async (search) => await search))
}

describe('a key with a URL of its own', () => {
  it('is read when a token names it, and then known without waiting', async () => {
    const { world, known } = await startKnowing(pem)
    expect(known.kid).toBe('key')
    expect(world.find('key')).toEqual({ kind: 'keys', keys: [known] })
    expect(world.requested).toEqual(['https://keys.example/region/key'])
  })

  it('is read once for a crowd', async () => {
    const world = createKeyUrlWorld()
    world.bucket.set('key', pem)
    const crowd = await Promise.all(
      Array.from({ length: 200 }, async () => await world.find('key')),
    )
    expect(new Set(crowd.map(({ kind }) => kind))).toEqual(new Set(['keys']))
    expect([world.requested.length, world.refreshes.length]).toEqual([1, 1])
  })

  it('may be a JWK', async () => {
    const world = createKeyUrlWorld()
    const nameless = { ...key.jwk, kid: undefined }
    world.bucket.set('key', JSON.stringify(key.jwk)).set('b', ` ${JSON.stringify(nameless)}`)
    expect(onlyKey(await world.find('key')).kid).toBe('key')
    expect(onlyKey(await world.find('b')).kid).toBe('b')
  })

  it('is nothing to wait for before anybody asks', async () => {
    const world = createKeyUrlWorld()
    await world.keySets.firstLoads()
    world.clock.advance(600_000)
    expect([world.requested, stateOf(world).isUnused]).toEqual([[], true])
  })

  it('has a name: without one nothing is asked', () => {
    const world = createKeyUrlWorld()
    for (const kid of [undefined, '', '..', '../key', 'a%2fkey', 'key?x', 'k'.repeat(129)]) {
      expect(world.find(kid)).toEqual(unknown)
    }
    expect(world.requested).toEqual([])
  })

  it('is not good for another algorithm, and that costs no request', async () => {
    const { world } = await startKnowing(pem)
    expect(world.keySets.find('main', 'key', 'RS256')).toEqual({ kind: 'algorithm_not_allowed' })
    expect(world.keySets.findOthers('main', 'key', 'ES256', [])).toBeUndefined()
    expect(world.requested).toHaveLength(1)
  })
})

describe('a source that', () => {
  const status = (code: number) => () =>
    new Response('<Error>AccessDenied</Error>', { status: code })

  it.each([404, 403, 410])(
    'answers %i has no such key, and is not asked again for a minute',
    async (code) => {
      const world = createKeyUrlWorld()
      world.bucket.set('absent', status(code))
      expect(await world.find('absent')).toEqual(unknown)
      world.clock.advance(59_000)
      expect(world.find('absent')).toEqual(unknown)
      expect([world.requested.length, stateOf(world).lastFault]).toEqual([1, undefined])
    },
  )

  const rsa = (bits: number) =>
    generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({
      type: 'spki',
      format: 'pem',
    })
  const privatePem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  })
  const faults: readonly (readonly [string, () => Response | Promise<Response>])[] = [
    ['answers 500', status(500)],
    ['answers 503', status(503)],
    ['answers 400', status(400)],
    ['answers 429', status(429)],
    ['answers with HTML', () => new Response('<html>sign in</html>')],
    ['answers with nothing', () => new Response('')],
    [
      'redirects elsewhere',
      () =>
        new Response('', { status: 302, headers: { location: 'https://elsewhere.example/key' } }),
    ],
    ['sends 2 MiB', () => new Response('A'.repeat(2_097_152))],
    ['breaks the connection', () => Promise.reject(new TypeError('fetch failed'))],
    ['is slow', async () => await new Promise<Response>(() => undefined)],
    ['has a weak key', () => new Response(rsa(1024) as string)],
    ['has a private key', () => new Response(privatePem as string)],
    [
      'has a private key beside the public one',
      () => new Response(`${pem}${privatePem as string}`),
    ],
    ['has two keys', () => new Response(`${pem}${otherPem}`)],
    ['has a JWK of another name', () => Response.json(other.jwk)],
    ['has a private JWK', () => Response.json({ ...key.jwk, d: 'AQAB' })],
    ['has a secret', () => Response.json({ kty: 'oct', k: 'c2VjcmV0' })],
    ['has a JWKS', () => Response.json({ keys: [key.jwk] })],
    ['has broken JSON', () => new Response('{"kty":')],
  ]
  it.each(faults)(
    '%s is unavailable: the token is not blamed, nor its kid repeated',
    async (_name, answer) => {
      const { world, known } = await startKnowing(pem)
      world.bucket.set('9d0a4f8e-3f4c-4c1b', answer)
      expect(await world.find('9d0a4f8e-3f4c-4c1b')).toMatchObject({ kind: 'unavailable' })
      expect(world.find('key')).toEqual({ kind: 'keys', keys: [known] })
      expect(stateOf(world).lastFault).not.toContain('9d0a4f8e')
      expect(stateOf(world).set?.keys).toHaveLength(1)
    },
  )

  it('is broken is asked again a second later, and found whole', async () => {
    const world = createKeyUrlWorld()
    world.bucket.set('key', status(500))
    expect(await world.find('key')).toMatchObject({ kind: 'unavailable' })
    expect(await world.find('key')).toMatchObject({ kind: 'unavailable' })
    expect(world.requested).toHaveLength(1)
    world.bucket.set('key', pem)
    world.clock.advance(1_001)
    // lru-cache looks at its clock no more than once in a real millisecond.
    await until(async () => (await world.find('key')).kind === 'keys')
    expect(stateOf(world).lastFault).toBeUndefined()
  })

  it('has an RSA key where ES256 is wanted has no key for the token', async () => {
    const world = createKeyUrlWorld()
    world.bucket.set('rsa', rsa(2048) as string)
    expect(await world.find('rsa')).toEqual({ kind: 'algorithm_not_allowed' })
  })
})

describe('a flood of 10,000 random kids', () => {
  it('costs a few requests, delays no known key, and keeps nothing', async () => {
    const { world, known } = await startKnowing(pem)
    const answers: (KeySearch | Promise<KeySearch>)[] = []
    for (let index = 0; index < 10_000; index++) {
      answers.push(world.find(crypto.randomUUID()))
      if (index % 100 === 0) expect(world.find('key')).toEqual({ kind: 'keys', keys: [known] })
    }
    const kinds = (await settled(answers)).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'unknown_key')).toHaveLength(kidBudget.atATime)
    expect(kinds.filter((kind) => kind === 'overloaded')).toHaveLength(10_000 - kidBudget.atATime)
    expect(world.requested).toHaveLength(1 + kidBudget.atATime)
    expect([stateOf(world).set?.keys.length, stateOf(world).reads.size]).toEqual([1, 0])
  })

  it('costs so many requests in each cooldown, also when the source is quick', async () => {
    const { world, known } = await startKnowing(pem)
    for (let second = 0; second < 30; second++) {
      for (let index = 0; index < 350; index++) {
        await world.find(`kid-${String(second)}-${String(index)}`)
        expect(world.find('key')).toEqual({ kind: 'keys', keys: [known] })
      }
      world.clock.advance(1_000)
    }
    expect(world.requested).toHaveLength(1 + 3 * kidBudget.inACooldown - 1)
  })

  it('waits for no more than a few that hang, and holds up no key that is known', async () => {
    const { world, known } = await startKnowing(pem, { timeoutMs: 50 })
    const hanging = async (): Promise<Response> => await new Promise(() => undefined)
    const kids = Array.from({ length: 100 }, (_, index) => `slow-${String(index)}`)
    for (const kid of kids) world.bucket.set(kid, hanging)
    const searches = kids.map((kid) => world.find(kid))
    expect(world.find('key')).toEqual({ kind: 'keys', keys: [known] })
    expect(searches.filter((search) => search instanceof Promise)).toHaveLength(kidBudget.atATime)
    const kinds = (await settled(searches)).map(({ kind }) => kind)
    expect(new Set(kinds)).toEqual(new Set(['unavailable', 'overloaded']))
  })

  it('leaves room for a new key in the next cooldown', async () => {
    const { world } = await startKnowing(pem)
    for (let index = 0; index < 100; index++) await world.find(`kid-${String(index)}`)
    world.bucket.set('other', otherPem)
    expect(await world.find('other')).toEqual({ kind: 'overloaded' })
    world.clock.advance(10_000)
    expect(await world.find('other')).toMatchObject({ kind: 'keys' })
  })
})
