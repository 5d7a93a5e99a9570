/** The shared list: complete before it counts, only ever growing, and honest about a store that is away. */
import { describe, expect, it } from 'vitest'
import { RevocationList } from '../../../src/revocation/revocation-list.js'
import type { RevocationStore, StoreListener } from '../../../src/revocation/revocation-store.js'
import { StoreSource } from '../../../src/revocation/store-source.js'
import { createFakeClock } from '../../support/fake-clock.js'
import {
  createTestObserver,
  identifiers,
  revocation,
  testIssuers,
} from '../../support/revocations.js'
import { until } from '../../support/until.js'

/** A store whose every answer a test decides. */
class FakeStore implements RevocationStore {
  listener: StoreListener | undefined
  texts: string[] = []
  /** Readings under way, to be ended by the test; undefined lets them end by themselves. */
  held: ((fault?: Error) => void)[] | undefined
  readings = 0
  pings = 0
  isClosed = false
  puts: { name: string; text: string; ttlMs: number }[] = []

  start(listener: StoreListener): void {
    this.listener = listener
  }

  async readAll(each: (text: string) => void): Promise<void> {
    this.readings += 1
    for (const text of this.texts) each(text)
    const { held } = this
    if (held === undefined) return
    await new Promise<void>((resolve, reject) => {
      held.push((fault) => {
        if (fault === undefined) resolve()
        else reject(fault)
      })
    })
  }

  async put(name: string, text: string, ttlMs: number): Promise<void> {
    this.puts.push({ name, text, ttlMs })
  }

  async ping(): Promise<void> {
    this.pings += 1
  }

  close(): void {
    this.isClosed = true
  }
}

function entry(sub: string, more: object = {}): string {
  return JSON.stringify({
    issuer: 'https://main.example',
    sub,
    until: '2100-01-01T00:00:00Z',
    ...more,
  })
}

function setUp(maxEntries = 10) {
  const store = new FakeStore()
  const clock = createFakeClock()
  const observer = createTestObserver()
  const list = new RevocationList(maxEntries)
  const changes = { count: 0 }
  const source = new StoreSource(store, {
    clock,
    random: () => 1,
    issuers: testIssuers,
    list,
    observer,
    onChange: () => {
      changes.count += 1
    },
  })
  const refuses = (sub: string): boolean => list.isRevoked(identifiers({ sub }), clock.wallMs())
  async function connect(): Promise<void> {
    const started = source.start(2_000)
    store.listener?.connected()
    await started
  }
  return { store, clock, observer, list, source, refuses, connect }
}

describe('the start', () => {
  it('waits until everything that came before was read', async () => {
    const { store, source, refuses, connect } = setUp()
    store.texts = [entry('a'), entry('b')]
    expect(source.fault).toBe('not connected yet')
    await connect()
    expect([source.fault, refuses('a'), refuses('b')]).toEqual([undefined, true, true])
    source.close()
    expect(store.isClosed).toBe(true)
  })

  it('does not wait for a store that is not there, nor for one that says nothing', async () => {
    const { store, clock, source } = setUp()
    const refused = source.start(2_000)
    store.listener?.lost('connect ECONNREFUSED')
    await refused
    expect(source.fault).toBe('connect ECONNREFUSED')
    const silent = setUp()
    const started = silent.source.start(2_000)
    silent.clock.advance(2_000)
    await started
    expect(silent.source.fault).toBe('not connected yet')
    expect(silent.source.faultSinceMs).toBe(-Infinity)
    expect(clock.monotonicMs()).toBe(1_000)
  })
})

describe('news', () => {
  it('are in force at once', async () => {
    const { store, observer, refuses, connect } = setUp()
    await connect()
    store.listener?.pushed(entry('a'))
    expect(refuses('a')).toBe(true)
    expect(observer.counted.mock.calls).toContainEqual(['redis', 'taken'])
  })

  it('that are known already are not counted', async () => {
    const { store, observer, connect } = setUp()
    store.texts = [entry('a')]
    await connect()
    store.listener?.pushed(entry('a'))
    const taken = observer.counted.mock.calls.filter(([, result]) => result === 'taken')
    expect(taken).toHaveLength(1)
  })

  it('of an issuer that is not configured here are passed over', async () => {
    const { store, source, observer, list, connect } = setUp()
    await connect()
    store.listener?.pushed(entry('a', { issuer: 'https://other.example' }))
    expect(observer.counted.mock.calls).toContainEqual(['redis', 'unknown_issuer'])
    expect([list.size, source.fault]).toEqual([0, undefined])
  })

  it.each([
    ['no JSON', '{'],
    ['too long', JSON.stringify('x'.repeat(9_000))],
    ['without an end', entry('a', { until: undefined })],
    ['of a newer gate', entry('a', { audience: 'x' })],
  ])('that cannot be read make the list incomplete: %s', async (_name, text) => {
    const { store, source, observer, list, connect } = setUp()
    await connect()
    store.listener?.pushed(text)
    expect(observer.counted.mock.calls).toContainEqual(['redis', 'malformed'])
    expect([list.size, source.fault]).toEqual([0, 'an entry of the store cannot be read'])
  })

  it('that do not fit make the list incomplete, until a reading finds room', async () => {
    const { store, clock, source, observer, refuses, connect } = setUp(1)
    store.texts = [entry('a', { until: new Date(clock.wallMs() + 30_000).toISOString() })]
    await connect()
    store.listener?.pushed(entry('b'))
    store.texts.push(entry('b'))
    expect([source.fault, refuses('b')]).toEqual(['the list is full (maxEntries)', false])
    expect(observer.counted.mock.calls).toContainEqual(['redis', 'full'])
    clock.advance(60_000)
    await until(() => source.fault === undefined)
    expect(refuses('b')).toBe(true)
  })
})

describe('a store that is away', () => {
  it('changes nothing in the list, and is told of once with the time since when', async () => {
    const { store, clock, source, observer, refuses, connect } = setUp()
    store.texts = [entry('a')]
    await connect()
    const lostAtMs = clock.monotonicMs()
    for (let i = 0; i < 5; i++) {
      store.listener?.lost('connect ECONNREFUSED')
      clock.advance(1_000)
    }
    expect([source.fault, source.faultSinceMs]).toEqual(['connect ECONNREFUSED', lostAtMs])
    expect(refuses('a')).toBe(true)
    const told = observer.noted.mock.calls.filter(([level]) => level === 'warn')
    expect(told).toHaveLength(1)
  })

  it('is there again once the whole list was read anew; what vanished meanwhile stays', async () => {
    const { store, source, refuses, connect } = setUp()
    store.texts = [entry('a')]
    await connect()
    store.listener?.lost('gone')
    store.texts = [entry('b')]
    store.held = []
    store.listener?.connected()
    expect(source.fault).toBe('gone')
    store.held.at(0)?.()
    await until(() => source.fault === undefined)
    expect([refuses('a'), refuses('b')]).toEqual([true, true])
  })

  it('is not there because of a reading that the end of its connection overtook', async () => {
    const { store, source, connect } = setUp()
    await connect()
    store.held = []
    store.listener?.connected()
    store.listener?.lost('gone')
    store.held.at(0)?.()
    await new Promise(setImmediate)
    expect(source.fault).toBe('gone')
  })

  it('is not there when news did not fit while it was read: the reading may have passed their place', async () => {
    const { store, source } = setUp(1)
    store.held = []
    const started = source.start(2_000)
    store.listener?.connected()
    store.listener?.pushed(entry('a'))
    store.listener?.pushed(entry('b'))
    store.held.at(0)?.()
    await started
    await new Promise(setImmediate)
    expect(source.fault).toBe('the list is full (maxEntries)')
  })

  it('is read again within a second when a reading fails', async () => {
    const { store, clock, source, observer, connect } = setUp()
    await connect()
    store.held = []
    store.listener?.connected()
    store.held.at(0)?.(new Error('LOADING'))
    await until(() => source.fault === 'LOADING')
    expect(observer.counted.mock.calls).toContainEqual(['redis', 'failed'])
    store.held = undefined
    clock.advance(1_000)
    await until(() => source.fault === undefined)
  })
})

describe('a store that is there', () => {
  it('is read again every minute, because news can get lost', async () => {
    const { store, clock, source, refuses, connect } = setUp()
    await connect()
    store.texts = [entry('a')]
    clock.advance(60_000)
    await until(() => refuses('a'))
    source.close()
    const { readings, pings } = store
    clock.advance(600_000)
    expect([store.readings, store.pings]).toEqual([readings, pings])
    expect(pings).toBe(60)
  })

  it('keeps what is shared under a name that only the same text has', async () => {
    const { store, clock, source, connect } = setUp()
    await connect()
    const untilMs = clock.wallMs() + 5_000
    await source.share(revocation({ untilMs }))
    await source.share(revocation({ untilMs: untilMs + 1 }))
    await source.share(revocation({ untilMs }))
    const [first, second, third] = store.puts
    expect(first?.ttlMs).toBe(5_000)
    expect(JSON.parse(first?.text ?? '')).toEqual({
      issuer: 'https://main.example',
      sub: 'alice',
      until: new Date(untilMs).toISOString(),
    })
    expect(first?.name).toBe(third?.name)
    expect(first?.name).not.toBe(second?.name)
  })
})
