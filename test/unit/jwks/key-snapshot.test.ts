/** Key sets that were kept on disk: when they serve, and everything for which they do not. */
import { generateKeyPairSync } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { IssuerKeyOptions, SnapshotFiles } from '../../../src/jwks/index.js'
import type { TestKey } from '../../support/authorization-server.js'
import { createKeySetWorld, jwksUri, type KeySetWorld } from '../../support/key-set-world.js'
import { createNamedKey } from '../../support/named-key.js'
import { until } from '../../support/until.js'

let key: TestKey
let rotated: TestKey
let texts: Map<string, string>
let files: SnapshotFiles

beforeAll(async () => {
  ;[key, rotated] = await Promise.all([createNamedKey('known'), createNamedKey('rotated')])
})

beforeEach(() => {
  texts = new Map()
  files = {
    read: async (name) => texts.get(name),
    write: async (name, text) => void texts.set(name, text),
    remove: async (name) => void texts.delete(name),
  }
})

/** The snapshot that a gate leaves behind; its clock stood at `wallMs`. */
async function leaveSnapshot(changes: Partial<IssuerKeyOptions> = {}): Promise<number> {
  const world = createKeySetWorld([key], changes, files)
  world.keySets.start()
  await until(() => world.snapshots.length === 1)
  expect(world.snapshots).toEqual([['written', undefined]])
  return world.clock.wallMs()
}

/** A gate that starts `laterMs` after the snapshot was left, in front of an issuer that does not answer. */
async function startLater(
  laterMs: number,
  changes: Partial<IssuerKeyOptions> = {},
  network: KeySetWorld['network'] = 'manual',
): Promise<KeySetWorld> {
  const world = createKeySetWorld(network, changes, files)
  world.clock.setWall(world.clock.wallMs() + laterMs)
  world.keySets.start()
  await world.keySets.status()[0]!.restoring
  return world
}

function edit(change: (snapshot: Record<string, unknown>) => void): void {
  for (const [name, text] of texts) {
    const snapshot = JSON.parse(text) as Record<string, unknown>
    change(snapshot)
    texts.set(name, JSON.stringify(snapshot))
  }
}

describe('a snapshot', () => {
  it('does not outlive a withdrawn key when the new set cannot be written', async () => {
    const world = createKeySetWorld([key], {}, files)
    world.keySets.start()
    await until(() => texts.size === 1)
    files = {
      ...files,
      write: async () => {
        throw new Error('the disk is full')
      },
    }
    const full = createKeySetWorld([rotated], {}, files)
    full.keySets.start()
    await until(() => texts.size === 0)
    expect(full.snapshots.at(-1)).toEqual(['not_written', 'the disk is full'])
    const later = await startLater(60_000, {}, 'down')
    expect((await later.find('known')).kind).toBe('unavailable')
  })

  it('serves at once while the first refresh hangs', async () => {
    await leaveSnapshot()
    const world = await startLater(60_000)
    expect(world.find('known')).toMatchObject({ kind: 'keys', keys: [{ kid: 'known' }] })
    expect(world.pending).toHaveLength(1)
    expect(world.snapshots).toEqual([['used', undefined]])
    const [state] = world.keySets.status()
    expect(state).toMatchObject({ isFromSnapshot: true, loads: 0 })
    expect(world.clock.monotonicMs() - state!.loadedAtMs!).toBeGreaterThanOrEqual(60_000)
  })

  it('serves who asked before it was read, and waits for no network', async () => {
    await leaveSnapshot()
    const world = createKeySetWorld('manual', {}, files)
    world.keySets.start()
    expect(await world.find('known')).toMatchObject({ kind: 'keys' })
    expect(world.pending).toHaveLength(1)
  })

  it('gives way to the first set that the issuer sends', async () => {
    await leaveSnapshot()
    const world = await startLater(60_000)
    const found = world.find('known')
    world.pending[0]!.succeed([rotated])
    await until(() => world.refreshes.length === 1)
    expect(world.keySets.status()[0]).toMatchObject({ isFromSnapshot: false, loads: 1 })
    expect(found).toMatchObject({ keys: [{ trustedUntilMs: 0 }] })
    expect(world.find('rotated')).toMatchObject({ kind: 'keys' })
  })

  it('does not replace a set that was there first', async () => {
    await leaveSnapshot()
    let read: (text: string | undefined) => void = () => undefined
    const slow: SnapshotFiles = {
      ...files,
      read: async () =>
        await new Promise((resolve) => {
          read = resolve
        }),
    }
    const world = createKeySetWorld([rotated], {}, slow)
    world.keySets.start()
    await until(() => world.refreshes.length === 1)
    read([...texts.values()][0])
    await world.keySets.status()[0]!.restoring
    expect(world.keySets.status()[0]).toMatchObject({ isFromSnapshot: false })
    expect(world.find('rotated')).toMatchObject({ kind: 'keys' })
  })

  it('is never waited for longer than for the issuer', async () => {
    const stuck: SnapshotFiles = { ...files, read: async () => await new Promise(() => undefined) }
    const world = createKeySetWorld([key], {}, stuck)
    world.keySets.start()
    expect(await world.find('known')).toMatchObject({ kind: 'keys' })
  })

  it('serves through an outage until its keys are too old, counted from when they were loaded', async () => {
    await leaveSnapshot()
    const world = await startLater(80_000_000, {}, 'down')
    world.clock.advance(6_390_000)
    expect(world.find('known')).toMatchObject({ kind: 'keys' })
    world.clock.advance(10_001)
    expect(await world.find('known')).toMatchObject({ kind: 'unavailable' })
  })

  it('holds public members only, whose key it is, and nothing else that the issuer added', async () => {
    const added = { issuer: 'https://x', x5u: 'https://y', exp: 1 }
    const world = createKeySetWorld([{ ...key, jwk: { ...key.jwk, ...added } }], {}, files)
    world.keySets.start()
    await until(() => world.snapshots.length === 1)
    const [text = ''] = texts.values()
    const { keys, ...rest } = JSON.parse(text) as Record<string, unknown>
    expect((keys as object[]).map(Object.keys)).toEqual([
      ['kty', 'kid', 'alg', 'use', 'crv', 'x', 'y', 'issuer'],
    ])
    expect(Object.keys(rest)).toEqual(['format', 'issuer', 'origin', 'loadedAtMs'])
  })

  it('has a name that tells nothing and is no path', async () => {
    await leaveSnapshot({ id: '..' })
    expect([...texts.keys()]).toEqual([expect.stringMatching(/^[0-9a-f]{32}\.json$/)])
  })

  it('is not kept of keys that are on this machine anyway', async () => {
    const source = { kind: 'inline', jwks: { keys: [key.jwk] } } as const
    const world = createKeySetWorld('down', { source }, files)
    world.keySets.start()
    await until(() => world.refreshes.length === 1)
    expect([texts.size, world.snapshots]).toEqual([0, []])
  })
})

describe('a snapshot that is ignored', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({
    format: 'jwk',
  })
  const keysOf = (snapshot: Record<string, unknown>): unknown[] => snapshot['keys'] as unknown[]

  const edits: [string, (snapshot: Record<string, unknown>) => void, RegExp][] = [
    ['has no format', (it) => delete it['format'], /not a snapshot/],
    ['has another format', (it) => (it['format'] = 'scopegate-keys/2'), /not a snapshot/],
    ['is of another issuer', (it) => (it['issuer'] = 'https://issuer.example/'), /another issuer/],
    ['has no time', (it) => delete it['loadedAtMs'], /when its keys were loaded/],
    ['has a time that is a text', (it) => (it['loadedAtMs'] = '0'), /when its keys were loaded/],
    ['is from the future', (it) => (it['loadedAtMs'] = Date.now() + 1e9), /from the future/],
    ['has no keys', (it) => delete it['keys'], /not a list/],
    ['has an empty set', (it) => (it['keys'] = []), /no usable/],
    ['has 10,000 keys', (it) => (it['keys'] = Array<unknown>(10_000).fill(key.jwk)), /10000 keys/],
    ['has a private key', (it) => keysOf(it).push({ ...rsa, kid: 'p' }), /may not be used/],
    ['has a secret', (it) => keysOf(it).push({ kty: 'oct', k: 'AAAA' }), /may not be used/],
  ]

  it.each(edits)('%s', async (_, change, detail) => {
    await leaveSnapshot()
    edit(change)
    const world = await startLater(60_000)
    expect(world.snapshots).toEqual([['ignored', expect.stringMatching(detail)]])
    expect(world.keySets.status()[0]!.set).toBeUndefined()
    world.pending[0]!.succeed([key])
    expect(await world.find('known')).toMatchObject({ kind: 'keys' })
  })

  it.each(['', '{', 'null', '[]', '1', '\u0000', '<html>'])('is the text %j', async (text) => {
    await leaveSnapshot()
    for (const name of texts.keys()) texts.set(name, text)
    const world = await startLater(60_000)
    expect(world.snapshots).toEqual([['ignored', expect.any(String)]])
    expect(world.keySets.status()[0]!.set).toBeUndefined()
  })

  const changes: [string, Partial<IssuerKeyOptions>][] = [
    ['another issuer URL', { issuer: 'https://other.example' }],
    ['another URL of keys', { source: { kind: 'jwksUri', jwksUri: `${jwksUri}?x` } }],
    ['discovery', { source: { kind: 'discovery', issuer: 'https://issuer.example' } }],
    ['http allowed', { allowInsecure: true }],
  ]

  it.each(changes)('is of an issuer that has now %s', async (_, change) => {
    await leaveSnapshot()
    const world = await startLater(60_000, change)
    expect(world.snapshots).toEqual([['ignored', expect.stringMatching(/another (issuer|source)/)]])
  })

  it('is as old as keys may become', async () => {
    await leaveSnapshot()
    const world = await startLater(86_400_000)
    expect(world.snapshots).toEqual([['ignored', expect.stringContaining('maxStaleSeconds')]])
  })

  it('cannot be read', async () => {
    files = { ...files, read: async () => await Promise.reject(new Error('EACCES')) }
    const world = await startLater(0)
    expect(world.snapshots).toEqual([['ignored', 'EACCES']])
  })
})

describe('a clock that jumps', () => {
  it('forward makes a snapshot old, and back makes it unbelievable', async () => {
    await leaveSnapshot()
    expect((await startLater(86_400_000)).snapshots).toMatchObject([['ignored', expect.anything()]])
    expect((await startLater(-60_000)).snapshots).toEqual([['ignored', 'it is from the future']])
    expect((await startLater(60_000)).snapshots).toEqual([['used', undefined]])
  })

  it('changes nothing of a set that is loaded', async () => {
    const world = createKeySetWorld([key], {}, files)
    world.keySets.start()
    await until(() => world.refreshes.length === 1)
    for (const ms of [-1e12, 0, 1e12, 1e15]) {
      world.clock.setWall(ms)
      expect(world.find('known')).toMatchObject({ kind: 'keys' })
    }
  })
})

describe('a directory that cannot be written', () => {
  it('is told, and the set serves all the same', async () => {
    files = {
      ...files,
      write: async () => {
        await Promise.reject(new Error('EROFS'))
      },
    }
    const world = createKeySetWorld([key], {}, files)
    world.keySets.start()
    await until(() => world.snapshots.length === 1)
    expect(world.snapshots).toEqual([['not_written', 'EROFS']])
    expect(world.find('known')).toMatchObject({ kind: 'keys' })
    expect(world.refreshes).toEqual([undefined])
  })

  it('that hangs holds up no refresh, and the newest set is written last', async () => {
    const done: (() => void)[] = []
    files = {
      ...files,
      write: async (name, text) => {
        await new Promise<void>((resolve) => {
          done.push(resolve)
        })
        texts.set(name, text)
      },
    }
    const world = createKeySetWorld([key], {}, files)
    world.keySets.start()
    await until(() => world.refreshes.length === 1)
    world.network = [rotated]
    world.clock.advance(300_000)
    await until(() => world.refreshes.length === 2)
    expect(done).toHaveLength(1)
    done[0]!()
    await until(() => done.length === 2)
    done[1]!()
    await until(() => world.snapshots.length === 2)
    expect([...texts.values()][0]).toContain('"rotated"')
  })
})
