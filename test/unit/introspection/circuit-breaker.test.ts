/** The circuit of one endpoint, in a time that only moves when a test moves it. */
import { beforeEach, describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../../../src/introspection/circuit-breaker.js'

let circuit: CircuitBreaker
let nowMs: number
let tokens = 0
beforeEach(() => {
  circuit = new CircuitBreaker()
  nowMs = 1_000
})

/** Asks now; what is asked is answered with a fault. Returns whether that opened the circuit. */
function fail(token = `token-${String((tokens += 1))}`): boolean {
  expect(circuit.mayAsk(nowMs, token)).toBe(true)
  return circuit.failed(nowMs, nowMs, token)
}

function open(): void {
  expect([1, 2, 3, 4, 5].map(() => fail())).toEqual([false, false, false, false, true])
}

describe('CircuitBreaker', () => {
  it('opens with the fifth fault in a row, and says so once', () => {
    open()
    expect([
      circuit.state,
      circuit.isShut(nowMs, 'opaque'),
      circuit.mayAsk(nowMs, 'opaque'),
    ]).toEqual(['open', true, false])
    expect(circuit.faultsInARow).toBe(5)
  })

  it('counts faults in a row only', () => {
    for (let i = 0; i < 20; i++) {
      for (let fault = 0; fault < 4; fault++) expect(fail()).toBe(false)
      expect(circuit.mayAsk(nowMs, 'opaque')).toBe(true)
      expect(circuit.succeeded()).toBe(false)
    }
    expect([circuit.state, circuit.faultsInARow]).toEqual(['closed', 0])
  })

  it('lets nothing through for five seconds, and then one question', () => {
    open()
    nowMs += 4_999
    expect([circuit.isShut(nowMs, 'opaque'), circuit.mayAsk(nowMs, 'opaque')]).toEqual([
      true,
      false,
    ])
    nowMs += 1
    expect(circuit.isShut(nowMs, 'opaque')).toBe(false) // Looking takes nothing.
    expect(circuit.mayAsk(nowMs, 'opaque')).toBe(true)
    expect(circuit.state).toBe('half_open')
    nowMs += 60_000
    expect([circuit.isShut(nowMs, 'opaque'), circuit.mayAsk(nowMs, 'opaque')]).toEqual([
      true,
      false,
    ])
  })

  it('closes with the answer to the probe, and then takes five faults again', () => {
    open()
    nowMs += 5_000
    expect(circuit.mayAsk(nowMs, 'opaque')).toBe(true)
    expect(circuit.succeeded()).toBe(true)
    expect([circuit.state, circuit.faultsInARow]).toEqual(['closed', 0])
    open()
  })

  it('stays open for another five seconds when the probe fails, without saying so again', () => {
    open()
    for (let i = 0; i < 3; i++) {
      nowMs += 5_000
      expect(fail()).toBe(false)
      expect(circuit.state).toBe('open')
      expect(circuit.mayAsk(nowMs + 4_999, 'opaque')).toBe(false)
    }
  })

  it('is closed by an answer that comes late', () => {
    expect(circuit.mayAsk(nowMs, 'opaque')).toBe(true)
    open()
    expect(circuit.succeeded()).toBe(true)
    expect(circuit.mayAsk(nowMs, 'opaque')).toBe(true)
  })
})

describe('faults of one token', () => {
  it('open nothing for others; only this token rests, for five seconds at a time', () => {
    for (let i = 0; i < 5; i++) expect(fail('odd')).toBe(false)
    expect([circuit.state, circuit.mayAsk(nowMs, 'odd')]).toEqual(['closed', false])
    expect(circuit.mayAsk(nowMs, 'opaque')).toBe(true)
    nowMs += 4_999
    expect(circuit.isShut(nowMs, 'odd')).toBe(true)
    nowMs += 1
    expect(fail('odd')).toBe(false)
    expect([circuit.state, circuit.mayAsk(nowMs, 'odd')]).toEqual(['closed', false])
  })

  it('open it as soon as another token has one too', () => {
    for (let i = 0; i < 5; i++) fail('odd')
    expect(fail('opaque')).toBe(true)
    expect(circuit.mayAsk(nowMs, 'third')).toBe(false)
  })

  it('are forgotten with an answer', () => {
    for (let i = 0; i < 5; i++) fail('odd')
    circuit.succeeded()
    expect(circuit.mayAsk(nowMs, 'odd')).toBe(true)
    for (let i = 0; i < 4; i++) expect(fail()).toBe(false)
  })
})

describe('a fault of a question that was asked before the circuit opened', () => {
  let askedAtMs: number
  beforeEach(() => {
    askedAtMs = nowMs
    nowMs += 10
    open()
  })

  it('does not keep it open for longer', () => {
    nowMs += 4_000
    expect(circuit.failed(nowMs, askedAtMs, 'early')).toBe(false)
    expect(circuit.mayAsk(nowMs + 1_000, 'opaque')).toBe(true)
  })

  it('does not speak for the probe', () => {
    nowMs += 5_000
    expect(circuit.mayAsk(nowMs, 'opaque')).toBe(true)
    expect(circuit.failed(nowMs + 1, askedAtMs, 'early')).toBe(false)
    expect(circuit.state).toBe('half_open')
    expect(circuit.mayAsk(nowMs + 5_001, 'opaque')).toBe(false) // One probe at a time.
    expect(circuit.succeeded()).toBe(true)
  })

  it('does not open it again after the probe was answered', () => {
    nowMs += 5_000
    expect(circuit.mayAsk(nowMs, 'opaque')).toBe(true)
    circuit.succeeded()
    for (let i = 0; i < 9; i++) expect(circuit.failed(nowMs, askedAtMs, 'early')).toBe(false)
    expect([circuit.state, circuit.faultsInARow]).toEqual(['closed', 0])
  })
})
