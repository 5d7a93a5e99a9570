/** Readiness: what has to be there, what is missing, and when it changes. */
import { beforeEach, describe, expect, it } from 'vitest'
import { IssuerKeyState } from '../../../src/jwks/issuer-key-state.js'
import { Readiness } from '../../../src/telemetry/index.js'

function issuerState(id: string): IssuerKeyState {
  return new IssuerKeyState({
    id,
    issuer: 'https://issuer.example.com',
    source: { kind: 'discovery', issuer: `https://${id}.example.com` },
    refreshMs: 1,
    maxStaleMs: 1,
    cooldownMs: 1,
    timeoutMs: 1,
    allowInsecure: false,
  })
}

function load(state: IssuerKeyState): void {
  state.loaded({ keys: [], refusedKeys: 0, isKeepable: true }, { atMs: 0 })
}

function restore(state: IssuerKeyState): void {
  state.restored({ keys: [], refusedKeys: 0, isKeepable: true }, -1)
}

let main: IssuerKeyState
let partner: IssuerKeyState
let readiness: Readiness
let changes: boolean[]

beforeEach(() => {
  main = issuerState('main')
  partner = issuerState('partner')
  readiness = new Readiness(() => [main, partner])
  changes = []
  readiness.onChange((ready) => changes.push(ready))
})

describe('readiness', () => {
  it('names everything that is missing at the start', () => {
    expect(readiness.isReady).toBe(false)
    expect(readiness.components()).toEqual({
      listening: { ready: false },
      running: { ready: true },
      'issuer:main': { ready: false, detail: 'the first key set is loading' },
      'issuer:partner': { ready: false, detail: 'the first key set is loading' },
    })
  })

  it('says why a key set is missing', () => {
    main.failed('https://main.example.com answered with status 503')
    expect(readiness.components()['issuer:main']).toEqual({
      ready: false,
      detail: 'https://main.example.com answered with status 503',
    })
  })

  it('comes with the last component', () => {
    readiness.listening()
    load(main)
    readiness.update()
    expect([readiness.isReady, changes]).toEqual([false, []])
    load(partner)
    readiness.update()
    expect([readiness.isReady, changes]).toEqual([true, [true]])
  })

  it('comes when the doors open last', () => {
    load(main)
    load(partner)
    readiness.update()
    expect(readiness.isReady).toBe(false)
    readiness.listening()
    expect([readiness.isReady, changes]).toEqual([true, [true]])
  })

  it('stays through an outage of an issuer, and tells of it', () => {
    load(main)
    load(partner)
    readiness.listening()
    main.failed('the issuer is down')
    readiness.update()
    expect([readiness.isReady, changes]).toEqual([true, [true]])
    expect(readiness.components()['issuer:main']).toEqual({
      ready: true,
      detail: 'the issuer is down',
    })
  })

  it('comes with keys from a snapshot, and says so until the issuer sent its own', () => {
    restore(main)
    load(partner)
    readiness.listening()
    expect(readiness.isReady).toBe(true)
    const detail = (): unknown => readiness.components()['issuer:main']
    expect(detail()).toEqual({ ready: true, detail: 'from snapshot' })
    main.failed('the issuer is down')
    expect(detail()).toEqual({ ready: true, detail: 'from snapshot; the issuer is down' })
    load(main)
    expect(detail()).toEqual({ ready: true })
  })

  it('ends with the drain, and is told once', () => {
    load(main)
    load(partner)
    readiness.listening()
    readiness.draining()
    readiness.update()
    expect([readiness.isReady, changes]).toEqual([false, [true, false]])
    expect(readiness.components()['running']).toEqual({ ready: false, detail: 'shutting down' })
  })

  it('needs no issuer where there is none', () => {
    const alone = new Readiness(() => [])
    alone.listening()
    expect(alone.isReady).toBe(true)
  })

  it('tells everybody who listens', () => {
    const others: boolean[] = []
    readiness.onChange((ready) => others.push(ready))
    load(main)
    load(partner)
    readiness.listening()
    expect([changes, others]).toEqual([[true], [true]])
  })
})

describe('components of other rooms', () => {
  it('count like all the others', () => {
    let other = { ready: true, detail: 'the store is away' }
    const all = new Readiness(
      () => [],
      () => ({ revocation: other }),
    )
    all.listening()
    expect([all.isReady, all.components()['revocation']]).toEqual([true, other])
    other = { ready: false, detail: 'every token is refused' }
    expect(all.isReady).toBe(false)
  })
})

describe('prepared', () => {
  it('resolves when nothing but open doors is missing', async () => {
    const order: string[] = []
    const prepared = readiness.prepared().then(() => order.push('prepared'))
    load(main)
    readiness.update()
    await Promise.resolve()
    order.push('one of two')
    load(partner)
    readiness.update()
    await prepared
    expect(order).toEqual(['one of two', 'prepared'])
    expect(readiness.isReady).toBe(false)
    await readiness.prepared()
  })
})
