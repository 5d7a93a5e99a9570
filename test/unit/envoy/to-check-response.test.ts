/** The bytes of a CheckResponse: what every reason, every format and both kinds of allow look like to Envoy. */
import { describe, expect, it } from 'vitest'
import type { AnswerFormat } from '../../../src/check/index.js'
import { decisionIdLength, reasonAnswers, reasons } from '../../../src/check/index.js'
import {
  prepareCheckResponse,
  serializeCheckAnswer,
  type CheckResponseOptions,
} from '../../../src/envoy/to-check-response.js'
import { decodeCheckResponse, type CheckAnswer } from '../../support/check-client.js'
import { loadConfigText, smallConfig } from '../../support/config-text.js'
import { testAllow, testRefusal, testRoute } from '../../support/decisions.js'
import { loadUpstreamProtos } from '../../support/proto-roots.js'
import { lengthDelimited } from '../../support/wire.js'

const decisionId = '0123456789abcdef0000002a'
const managedNames = ['x-auth-subject', 'x_auth_subject', 'x-auth-scope']
const options: CheckResponseOptions = {
  managedHeaders: () => managedNames,
  defersUnavailable: false,
}

type Decision = Parameters<typeof prepareCheckResponse>[0]

function bytesOf(decision: Decision, format: AnswerFormat = 'json', changes = {}): Buffer {
  const prepared = prepareCheckResponse(decision, format, { ...options, ...changes })
  return serializeCheckAnswer({ prepared, decisionId })
}

function answerTo(decision: Decision, format: AnswerFormat = 'json', changes = {}): CheckAnswer {
  return decodeCheckResponse(bytesOf(decision, format, changes))
}

const formats: readonly AnswerFormat[] = ['json', 'empty', 'grpc']
const everyRefusal = reasons.flatMap((reason) =>
  formats.flatMap((format) => [false, true].map((defers) => ({ reason, format, defers }))),
)

describe('prepareCheckResponse', () => {
  it.each(everyRefusal)('refuses $reason as $format, deferring: $defers', (row) => {
    const { reason, format, defers } = row
    const answer = answerTo(testRefusal(reason), format, { defersUnavailable: defers })
    const { outcome, statusCode, httpStatus, grpcHttpStatus, description } = reasonAnswers[reason]

    expect(answer.code).toBe(statusCode)
    expect(answer.code).toBeGreaterThan(0)
    expect(answer.code).toBeLessThanOrEqual(16)
    expect(answer.kind).toBe(defers && outcome === 'unavailable' ? 'error' : 'denied')
    expect(answer.raw.ok_response ?? undefined).toBeUndefined()
    expect(answer.status).toBe(format === 'grpc' ? grpcHttpStatus : httpStatus)
    expect(answer.headers['cache-control']).toEqual(['no-store'])
    expect(answer.headers['retry-after']).toEqual(outcome === 'unavailable' ? ['5'] : undefined)
    if (format === 'json') expect(JSON.parse(answer.body)).toMatchObject({ status: httpStatus })
    else expect(answer.body).toBe(format === 'grpc' ? description : '')
    expect(answer.metadata).toMatchObject({ reason, decision_id: decisionId, route: 'read' })
  })

  it.each(reasons)('refuses %s without a route and without a challenge', (reason) => {
    const answer = answerTo({ ...testRefusal(reason), route: undefined, challenge: undefined })
    expect(answer.kind).toBe('denied')
    expect(answer.code).toBe(reasonAnswers[reason].statusCode)
    expect(answer.headers['www-authenticate']).toBeUndefined()
    expect(answer.metadata['route']).toBeUndefined()
    expect(answer.metadata['decision_id']).toBe(decisionId)
  })

  it('overwrites with every header, in the words of every version of Envoy', () => {
    const raw = [answerTo(testAllow()).raw, ...reasons.map((it) => answerTo(testRefusal(it)).raw)]
    const headers = raw.flatMap(
      ({ ok_response: ok, denied_response: denied }) => (ok ?? denied)?.headers ?? [],
    )
    expect(headers.length).toBeGreaterThan(reasons.length)
    for (const { append, append_action: action, header } of headers) {
      expect({ name: header.key, append, action }).toEqual({
        name: header.key,
        append: { value: false },
        action: 2,
      })
    }
  })

  it('names the caller and the decision in the metadata of an allow', () => {
    expect(answerTo(testAllow()).metadata).toEqual({
      decision: 'allow',
      reason: 'none',
      resource: 'users-api',
      route: 'read',
      issuer: 'main',
      subject: 'alice',
      client: 'app',
      scopes: 'read:users email',
      decision_id: decisionId,
    })
  })

  it('names nobody in the metadata of a public allow', () => {
    expect(answerTo(testAllow(null)).metadata).toEqual({
      decision: 'allow',
      reason: 'none',
      resource: 'users-api',
      route: 'read',
      decision_id: decisionId,
    })
  })
})

describe('prepareCheckResponse, managed headers', () => {
  it('removes every managed header that is not set, and none that is', () => {
    const answer = answerTo(testAllow())
    expect(answer.kind).toBe('ok')
    expect(answer.code).toBe(0)
    expect(answer.headers).toEqual({ 'x-auth-subject': ['alice'] })
    expect(answer.headersToRemove).toEqual(['x_auth_subject', 'x-auth-scope'])
  })

  it('removes every managed header on a public route', () => {
    const answer = answerTo(testAllow(null))
    expect(answer.headers).toEqual({})
    expect(answer.headersToRemove).toEqual(managedNames)
  })

  it.each([
    ['protected', 'alice', 'x-auth-subject'],
    ['public', null, undefined],
  ])(
    'removes every spelling that a configuration manages on a %s route',
    async (_n, subject, set) => {
      const upstreamHeaders = '{ X-Auth-Subject: /sub, x-auth-scope: /scope }'
      const { managedHeaders } = await loadConfigText(
        smallConfig.replace('    routes:', `    upstreamHeaders: ${upstreamHeaders}\n    routes:`),
      )
      const expected = [
        ...spellings('x-auth-subject'),
        ...spellings('x-auth-scope'),
        ...spellings('x-http-method-override'),
        ...spellings('x-http-method'),
        ...spellings('x-method-override'),
        ...spellings('x-original-url'),
        ...spellings('x-rewrite-url'),
      ].filter((name) => name !== set)
      const { headersToRemove } = answerTo(testAllow(subject), 'json', {
        managedHeaders: () => managedHeaders,
      })
      expect([...headersToRemove].sort()).toEqual(expected.sort())
    },
  )
})

/** The name and its twins, found another way than the product finds them. */
function spellings(name: string): string[] {
  const at = name.indexOf('-')
  if (at < 0) return [name]
  return spellings(name.slice(at + 1)).flatMap((rest) => [
    `${name.slice(0, at)}-${rest}`,
    `${name.slice(0, at)}_${rest}`,
  ])
}

describe('serializeCheckAnswer', () => {
  it('gives each answer its own id', () => {
    const prepared = prepareCheckResponse(testAllow(), 'json', options)
    for (const digit of ['a', 'b', 'a']) {
      const bytes = serializeCheckAnswer({ prepared, decisionId: digit.repeat(decisionIdLength) })
      const { metadata } = decodeCheckResponse(bytes)
      expect(metadata['decision_id']).toBe(digit.repeat(decisionIdLength))
    }
  })

  it.each(['#'.repeat(24), '#'.repeat(60), `${'#'.repeat(23)}x`])(
    'finds its place beside the subject %s',
    (subject) => {
      const { metadata } = answerTo(testAllow(subject))
      expect([metadata['subject'], metadata['decision_id']]).toEqual([subject, decisionId])
    },
  )

  it.each([false, true])(
    'finds its place beside a realm of its own kind, deferring: %s',
    (defers) => {
      const realm = '#'.repeat(24)
      for (const reason of reasons) {
        const refusal = testRefusal(reason, testRoute({ realm }))
        const answer = answerTo(refusal, 'json', { defersUnavailable: defers })
        expect(answer.metadata['decision_id']).toBe(decisionId)
        expect(answer.headers['www-authenticate']?.join() ?? realm).toContain(realm)
      }
    },
  )
})

describe('the bytes of an answer', () => {
  // Field numbers and order as Envoy's protos have them, put together by hand.
  const header = (field: number, name: string, value: string): Buffer =>
    lengthDelimited(
      field,
      lengthDelimited(1, lengthDelimited(1, name), lengthDelimited(2, value)),
      Buffer.from('12020800' + '1802', 'hex'), // append { value: false }, append_action: 2
    )
  const metadata = (values: Record<string, string>): Buffer =>
    lengthDelimited(
      4,
      ...Object.entries(values).map(([name, value]) =>
        lengthDelimited(1, lengthDelimited(1, name), lengthDelimited(2, lengthDelimited(3, value))),
      ),
    )

  it('are these for an allow', () => {
    const golden = Buffer.concat([
      Buffer.from('0a020800', 'hex'), // status { code: 0 }
      lengthDelimited(
        3,
        header(2, 'x-auth-subject', 'alice'),
        lengthDelimited(5, 'x_auth_subject'),
        lengthDelimited(5, 'x-auth-scope'),
      ),
      metadata({
        decision: 'allow',
        reason: 'none',
        resource: 'users-api',
        route: 'read',
        issuer: 'main',
        subject: 'alice',
        client: 'app',
        scopes: 'read:users email',
        decision_id: decisionId,
      }),
    ])
    expect(bytesOf(testAllow()).toString('hex')).toBe(golden.toString('hex'))
  })

  it('are these for a denial', () => {
    const golden = Buffer.concat([
      Buffer.from('0a020810', 'hex'), // status { code: 16 }
      lengthDelimited(
        2,
        Buffer.from('0a03089103', 'hex'), // status { code: 401 }
        header(2, 'www-authenticate', 'Bearer realm="users", scope="read:users"'),
        header(2, 'cache-control', 'no-store'),
        lengthDelimited(3, ''),
      ),
      metadata({
        decision: 'deny',
        reason: 'missing_token',
        resource: 'users-api',
        route: 'read',
        issuer: 'main',
        decision_id: decisionId,
      }),
    ])
    const bytes = bytesOf(testRefusal('missing_token'), 'empty')
    expect(bytes.toString('hex')).toBe(golden.toString('hex'))
  })

  it('are read alike by the protos of Envoy', () => {
    const upstream = loadUpstreamProtos().lookupType('envoy.service.auth.v3.CheckResponse')
    const read = (bytes: Buffer): unknown => upstream.toObject(upstream.decode(bytes))
    const overwrite = { append: { value: false }, append_action: 2 }
    expect(read(bytesOf(testAllow()))).toMatchObject({
      status: { code: 0 },
      ok_response: {
        headers: [{ header: { key: 'x-auth-subject', value: 'alice' }, ...overwrite }],
        headers_to_remove: ['x_auth_subject', 'x-auth-scope'],
      },
    })
    expect(read(bytesOf(testRefusal('missing_token'), 'empty'))).toMatchObject({
      status: { code: 16 },
      denied_response: {
        status: { code: 401 },
        headers: [
          {
            header: {
              key: 'www-authenticate',
              value: 'Bearer realm="users", scope="read:users"',
            },
            ...overwrite,
          },
          { header: { key: 'cache-control', value: 'no-store' }, ...overwrite },
        ],
      },
    })
  })
})
