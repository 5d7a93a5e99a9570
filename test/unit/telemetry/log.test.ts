/** The log: one line for every denial, by which it is found again, and never a credential. */
import { describe, expect, it } from 'vitest'
import { reasons, type DecisionEvent } from '../../../src/check/index.js'
import { Log, type LogOptions } from '../../../src/telemetry/index.js'
import { collectLogLine } from '../../support/log-collector.js'
import { testAllow, testEvent, testRefusal } from '../../support/decisions.js'

type Line = Record<string, unknown>

const token = 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJlc2lnbmF0dXJl'

/** What is logged while `write` runs. */
function linesOf(write: (log: Log) => void, options: Partial<LogOptions> = {}): readonly Line[] {
  const lines: string[] = []
  const log = new Log(
    { level: 'info', allowSampleEvery: 0, ...options },
    {
      write(line: string) {
        collectLogLine(line)
        lines.push(line)
      },
    },
  )
  write(log)
  for (const line of lines) expect(line).toMatch(/^\{[^\n]*\}\n$/)
  return lines.map((line) => JSON.parse(line) as Line)
}

function lineOf(event: DecisionEvent): Line {
  const [line, ...more] = linesOf((log) => {
    log.decided(event)
  })
  expect(more).toEqual([])
  return line ?? {}
}

function requestOf(changes: Partial<DecisionEvent['request']> & object): DecisionEvent['request'] {
  const { request } = testEvent(testAllow())
  return request === undefined ? undefined : { ...request, ...changes }
}

describe('a denial', () => {
  it.each(reasons)('for %s is one line, with its reason and its decision id', (reason) => {
    const decision = testRefusal(reason)
    expect(lineOf(testEvent(decision))).toMatchObject({
      level: decision.outcome === 'deny' ? 'info' : 'warn',
      msg: decision.outcome === 'deny' ? 'denied' : 'could not decide',
      decision: decision.labels.decision,
      reason,
      route: 'users-api/read',
      issuer: 'main',
      decision_id: '0123456789abcdef00000001',
      door: 'envoy',
      duration_ms: 0.25,
    })
  })

  it('has all of this and nothing more', () => {
    const principal = testAllow('alice').principal
    const event = testEvent(
      { ...testRefusal('insufficient_scope'), principal },
      { requestId: '42' },
    )
    expect(Object.keys(lineOf(event)).sort()).toEqual(
      [
        'client',
        'decision',
        'decision_id',
        'door',
        'duration_ms',
        'host',
        'issuer',
        'level',
        'method',
        'msg',
        'path',
        'reason',
        'request_id',
        'route',
        'time',
      ].sort(),
    )
  })

  it('of bytes that were no request has no request', () => {
    const line = lineOf(testEvent(testRefusal('malformed_request'), { request: undefined }))
    expect(line).not.toHaveProperty('path')
    expect(line).toMatchObject({ reason: 'malformed_request' })
  })

  it('has the path without its query', () => {
    const request = requestOf({ target: '/read?access_token=secret&x=?' })
    const line = lineOf(testEvent(testRefusal('expired'), { request }))
    expect(line['path']).toBe('/read')
    expect(JSON.stringify(line)).not.toContain('secret')
  })

  it.each([
    ['the path', { request: requestOf({ target: `/read/${token}` }) }],
    ['the host', { request: requestOf({ host: `${token}.example.com` }) }],
    ['the method', { request: requestOf({ method: token }) }],
    ['the request id', { requestId: token }],
    ['the Authorization header', { request: requestOf({ authorization: `Bearer ${token}` }) }],
  ])('hides a token in %s', (_name, changes) => {
    const text = JSON.stringify(lineOf(testEvent(testRefusal('expired'), changes)))
    for (const part of token.split('.')) expect(text).not.toContain(part)
  })

  it('names the client as it is, however much its id looks like a token', () => {
    const { principal } = testAllow()
    const client = 'YIcSnxnEqmzqKqP9bBGqFcxSk2bHXRZk'
    const decision = {
      ...testRefusal('insufficient_scope'),
      principal: principal && { ...principal, client },
    }
    expect(lineOf(testEvent(decision))['client']).toBe(client)
  })

  it.each([
    ['Envoy', '123e4567-e89b-12d3-a456-426614174000'],
    ['NGINX', '8f14e45fceea167a5a36dedd4bea2543'],
  ])('names the request as %s does', (_, requestId) => {
    expect(lineOf(testEvent(testRefusal('expired'), { requestId }))['request_id']).toBe(requestId)
  })

  it('stays one line whatever the request holds', () => {
    const request = requestOf({ target: '/a\r\n{"level":"error"}', host: '\u2028\u0000' })
    expect(lineOf(testEvent(testRefusal('expired'), { request }))).toMatchObject({
      path: '/a??{"level":"error"}',
      host: '??',
    })
  })
})

describe('an allow', () => {
  it('is not logged unless that is asked for', () => {
    const lines = linesOf((log) => {
      for (let i = 0; i < 100; i++) log.decided(testEvent(testAllow()))
    })
    expect(lines).toEqual([])
  })

  it('is sampled as asked for, which leaves the denials alone', () => {
    const lines = linesOf(
      (log) => {
        for (let i = 0; i < 10; i++) log.decided(testEvent(testAllow()))
        log.decided(testEvent(testRefusal('expired')))
      },
      { allowSampleEvery: 3 },
    )
    expect(lines.map(({ msg }) => msg)).toEqual(['allowed', 'allowed', 'allowed', 'denied'])
    expect(lines[0]).toMatchObject({ decision: 'allow', reason: 'none', client: 'app' })
  })

  it('names the client, and no other claim', () => {
    const [line] = linesOf(
      (log) => {
        log.decided(testEvent(testAllow('alice-the-subject')))
      },
      { allowSampleEvery: 1 },
    )
    expect(line?.['client']).toBe('app')
    expect(JSON.stringify(line)).not.toMatch(/alice|email/)
  })
})

describe('the log', () => {
  it.each([
    ['info', ['told', 'warned', 'internal error', 'denied', 'could not decide']],
    ['warn', ['warned', 'internal error', 'could not decide']],
    ['error', ['internal error']],
    ['silent', []],
  ] as const)('at level %s has what is at least that', (level, expected) => {
    const lines = linesOf(
      (log) => {
        log.info('told')
        log.warn('warned')
        log.fault(new Error('x'))
        log.decided(testEvent(testRefusal('expired')))
        log.decided(testEvent(testRefusal('deadline')))
      },
      { level },
    )
    expect(lines.map(({ msg }) => msg)).toEqual(expected)
  })

  it('says of a fault what and where it is, not what it says', () => {
    const [line] = linesOf((log) => {
      log.fault(new TypeError(`cannot read ${token}`))
    })
    expect(line).toMatchObject({ level: 'error', msg: 'internal error', fault: 'TypeError' })
    expect(String((line?.['stack'] as string[] | undefined)?.[0])).toMatch(/^at .*log\.test\.ts/)
    expect(JSON.stringify(line)).not.toContain('eyJ')
  })

  it('says of a fault with a message of many lines not what it says', () => {
    const [line] = linesOf((log) => {
      log.fault(new Error(`first\n${token}\nthird`))
    })
    expect(JSON.stringify(line)).not.toContain('eyJ')
  })

  it.each([[undefined], ['a text'], [{ message: token }], [null]])(
    'takes %j for a fault',
    (fault) => {
      const [line] = linesOf((log) => {
        log.fault(fault)
      })
      expect(line).toMatchObject({ fault: typeof fault, msg: 'internal error' })
    },
  )
})
