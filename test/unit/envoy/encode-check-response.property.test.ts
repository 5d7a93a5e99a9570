/** Our encoder and protobuf.js never disagree about an octet of a CheckResponse, whatever it says. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  reasons,
  type Allow,
  type AnswerFormat,
  type Decision,
  type Refusal,
} from '../../../src/check/index.js'
import {
  encodeAllow,
  encodeRefusal,
  type AllowContent,
  type PreparedResponse,
  type RefusalContent,
} from '../../../src/envoy/encode-check-response.js'
import { prepareCheckResponse } from '../../../src/envoy/to-check-response.js'
import {
  checkResponseMessage,
  fullDecode,
  headerOption,
  idPlaceholder,
  metadataMessage,
  reference,
} from '../../support/check-response-message.js'
import { testAllow, testRefusal, testRoute } from '../../support/decisions.js'

/** Around every length at which something changes: the way of writing, the octets of a length, the size of the buffer. */
const edges = [0, 1, 95, 96, 97, 126, 127, 128, 4_090, 4_096, 16_381, 16_382, 16_383, 16_384]
const units = ['a', '\u007f', '\u0080', '\u07ff', '\u0800', '\uffff', '😀']
const long = fc
  .tuple(fc.constantFrom(...edges), fc.constantFrom(...units), fc.constantFrom('', 'ü', '\0'))
  .map(([length, unit, last]) => unit.repeat(length) + last)
const wellFormed = fc.oneof(
  { weight: 6, arbitrary: fc.string({ maxLength: 200 }) },
  { weight: 3, arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
  { weight: 2, arbitrary: fc.constantFrom('', idPlaceholder, `${idPlaceholder}#`) },
  { weight: 1, arbitrary: long },
)
const header = fc.record({ name: wellFormed, value: wellFormed })
const headers = fc.array(header, { maxLength: 40 })
const metadata = fc.record({
  decision: wellFormed,
  subject: fc.option(wellFormed, { nil: undefined }),
  scopes: wellFormed,
})
const allowContent = fc.record({
  headers,
  metadata: metadata.map((it) => Object.entries(it)),
  headersToRemove: fc.array(wellFormed, { maxLength: 200 }),
})
const refusalContent = fc.record({
  kind: fc.constantFrom<RefusalContent['kind']>('denied_response', 'error_response'),
  code: fc.integer({ min: 1, max: 127 }),
  httpStatus: fc.oneof(fc.integer({ min: 100, max: 599 }), fc.nat()),
  headers,
  body: wellFormed,
  metadata: metadata.map((it) => Object.entries(it)),
})

function allowMessage({ headers: set, headersToRemove, metadata: values }: AllowContent): object {
  return {
    status: { code: 0 },
    ok_response: { headers: set.map(headerOption), headers_to_remove: headersToRemove },
    dynamic_metadata: metadataMessage(Object.fromEntries(values)),
  }
}

function refusalMessage(content: RefusalContent): object {
  return {
    status: { code: content.code },
    [content.kind]: {
      status: { code: content.httpStatus },
      headers: content.headers.map(headerOption),
      body: content.body,
    },
    dynamic_metadata: metadataMessage(Object.fromEntries(content.metadata)),
  }
}

/** The octets and what is read in them, and that the place of the id is in the metadata, whatever else looks like it. */
function expectReference(prepared: PreparedResponse, message: object): void {
  const { bytes, idOffset } = prepared
  const expected = reference(message)
  // Not toEqual, which takes minutes to show two long buffers.
  expect(bytes.equals(expected.bytes)).toBe(true)
  expect(fullDecode(bytes)).toEqual(expected.decoded)
  const named = Buffer.from(bytes)
  named.fill('f', idOffset, idOffset + idPlaceholder.length)
  const { fields } = (fullDecode(named) as { dynamic_metadata: { fields: object } })
    .dynamic_metadata
  const { fields: before } = (expected.decoded as { dynamic_metadata: { fields: object } })
    .dynamic_metadata
  const decisionId = { stringValue: 'f'.repeat(idPlaceholder.length) }
  expect(fields).toEqual({ ...before, decision_id: expect.objectContaining(decisionId) as object })
}

describe('encodeAllow', () => {
  it('writes the octets of the reference', () => {
    fc.assert(
      fc.property(allowContent, (content) => {
        expectReference(encodeAllow(content), allowMessage(content))
      }),
      { numRuns: 300 },
    )
  })

  it.each([...edges, 2_097_150, 2_097_152])('writes a text of %s octets', (length) => {
    const content = {
      headers: [{ name: 'x-auth-subject', value: 'a'.repeat(length) }],
      headersToRemove: [],
      metadata: [['subject', 'é'.repeat(length / 2)] as const],
    }
    expectReference(encodeAllow(content), allowMessage(content))
  })

  it('keeps nothing of a message before, and changes none', () => {
    const content = { headers: [], headersToRemove: ['x-a'], metadata: [] }
    const large = { ...content, headersToRemove: ['a'.repeat(100_000)] }
    const before = encodeAllow(content)
    const copy = Buffer.from(before.bytes)
    encodeAllow(large)
    expect(encodeAllow(content)).toEqual(before)
    expect(before.bytes.equals(copy)).toBe(true)
  })
})

describe('encodeRefusal', () => {
  it('writes the octets of the reference', () => {
    fc.assert(
      fc.property(refusalContent, (content) => {
        expectReference(encodeRefusal(content), refusalMessage(content))
      }),
      { numRuns: 300 },
    )
  })

  it.each([0, -1, 0.5, Number.NaN, 128, 256, 2 ** 32])('writes no refusal with code %s', (code) => {
    const content = { httpStatus: 403, headers: [], body: '', metadata: [] }
    for (const kind of ['denied_response', 'error_response'] as const) {
      expect(() => encodeRefusal({ ...content, kind, code })).toThrow(RangeError)
    }
  })
})

const principal = fc.record({ subject: wellFormed, client: wellFormed, scope: wellFormed })
const format = fc.constantFrom<AnswerFormat>('json', 'empty', 'grpc')
const known = fc.option(principal, { nil: undefined })
const allow = fc.tuple(known, headers).map(([caller, set]): Allow => {
  const { principal: alice, ...decision } = testAllow()
  const identityHeaders = { headers: set, dropped: [] }
  return { ...decision, identityHeaders, principal: caller && { ...alice, ...principalOf(caller) } }
})
const refusal = fc
  .tuple(fc.constantFrom(...reasons), known, fc.string({ maxLength: 300 }), fc.boolean())
  .map(([reason, caller, realm, hasRoute]): Refusal => {
    const decision = testRefusal(reason, testRoute({ realm }))
    const route = hasRoute ? decision.route : undefined
    return { ...decision, route, principal: caller && principalOf(caller) }
  })

function principalOf(caller: {
  subject: string
  client: string
  scope: string
}): NonNullable<Allow['principal']> {
  const { principal: alice } = testAllow()
  if (alice === undefined) throw new Error('alice is known')
  const token = { ...alice.token, subject: caller.subject }
  return { token, client: caller.client, scopes: new Set(['email', caller.scope]) }
}

describe('prepareCheckResponse', () => {
  const managed = fc.array(wellFormed, { maxLength: 40 })

  function expectPrepared(
    decision: Decision,
    answerFormat: AnswerFormat,
    names: readonly string[],
    defersUnavailable: boolean,
  ): void {
    const options = { managedHeaders: () => names, defersUnavailable }
    expectReference(
      prepareCheckResponse(decision, answerFormat, options),
      checkResponseMessage(decision, answerFormat, names, defersUnavailable),
    )
  }

  it('writes the octets of the reference for every allow', () => {
    fc.assert(
      fc.property(allow, managed, (decision, names) => {
        const [first] = decision.identityHeaders.headers
        expectPrepared(decision, 'json', first === undefined ? names : [...names, first.name], true)
      }),
      { numRuns: 200 },
    )
  })

  it('writes the octets of the reference for every refusal', () => {
    fc.assert(
      fc.property(refusal, format, fc.boolean(), (decision, answerFormat, defers) => {
        expectPrepared(decision, answerFormat, [], defers)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a lone surrogate', () => {
  const text = fc.oneof(
    fc.array(fc.constantFrom('\ud800', '\udfff', 'a', 'é', '😀'), { maxLength: 150 }),
    fc.array(fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit))),
  )
  const utf8 = new TextDecoder('utf-8', { fatal: true })

  it('is written as U+FFFD, for what is not UTF-8 a proxy does not read', () => {
    fc.assert(
      fc.property(
        text.map((it) => it.join('')),
        (broken) => {
          const content = (it: string): AllowContent => ({
            headers: [{ name: it, value: it }],
            headersToRemove: [it],
            metadata: [['subject', it]],
          })
          const prepared = encodeAllow(content(broken))
          expectReference(prepared, allowMessage(content(broken.toWellFormed())))
        },
      ),
    )
  })

  it('is what protobuf.js writes in a short text alone, and no reader of UTF-8 reads', () => {
    const bytesOf = (name: string): Buffer =>
      reference({ ok_response: { headers_to_remove: [name] } }).bytes.subarray(4)
    expect(() => utf8.decode(bytesOf('\ud800'))).toThrow(TypeError)
    expect(utf8.decode(bytesOf(`${'a'.repeat(40)}\ud800`))).toMatch(/^a{40}\ufffd$/)
  })
})
