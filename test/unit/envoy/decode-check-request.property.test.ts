/** The partial decode and proto-loader's full decode never disagree about a CheckRequest, and no bytes break either. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeToText, fullDecode } from '../../support/full-decode.js'
import { loadUpstreamProtos } from '../../support/proto-roots.js'

// Encoded by Envoy's own protos: what ours leave out is on the wire as an unknown field.
const upstream = loadUpstreamProtos().lookupType('envoy.service.auth.v3.CheckRequest')

const text = fc.oneof(fc.string({ maxLength: 200 }), fc.string({ unit: 'grapheme', maxLength: 20 }))
const headerName = fc.oneof(
  fc.constantFrom(
    'authorization',
    'accept',
    'content-type',
    'x-request-id',
    // As long as the wanted ones, and not them.
    'Authorization',
    'authorizatioN',
    'accepT',
    'x-request-iD',
    'content_type',
    '__proto__',
    '',
  ),
  fc.string({ maxLength: 40 }),
)
const headerValue = fc.oneof(
  fc.record({ key: headerName, value: text }),
  fc.record({ key: headerName, raw_value: text.map((value) => Buffer.from(value)) }),
)
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })

const peer = fc.record({
  address: optional(
    fc.record({ socket_address: fc.record({ address: fc.ipV4(), port_value: fc.nat(65_535) }) }),
  ),
  service: text,
  labels: fc.dictionary(fc.string(), text, { maxKeys: 3 }),
  principal: text,
  certificate: text,
})
const struct = fc.record({
  fields: fc.dictionary(fc.string({ maxLength: 5 }), fc.record({ string_value: text })),
})
const metadata = fc.record({
  filter_metadata: fc.dictionary(fc.string(), struct, { maxKeys: 2 }),
})
const http = fc.record({
  id: text,
  method: fc.oneof(fc.constantFrom('GET', 'POST', 'get', ''), text),
  headers: fc.dictionary(headerName, text, { maxKeys: 8 }),
  header_map: optional(fc.record({ headers: fc.array(headerValue, { maxLength: 8 }) })),
  path: fc.oneof(fc.webPath(), text),
  host: fc.oneof(fc.domain(), text),
  scheme: text,
  query: text,
  fragment: text,
  size: fc.integer(),
  protocol: text,
  body: text,
  raw_body: fc.uint8Array({ maxLength: 64 }),
})
const extensionName = fc.oneof(
  fc.constantFrom('scopegate.resource', 'scopegate.route', 'scopegate.Route', ''),
  fc.string({ maxLength: 20 }),
)
const checkRequest = fc.record({
  attributes: optional(
    fc.record({
      source: optional(peer),
      destination: optional(peer),
      request: optional(
        fc.record({
          time: optional(fc.record({ seconds: fc.nat(), nanos: fc.nat(999_999_999) })),
          http: optional(http),
        }),
      ),
      context_extensions: fc.dictionary(extensionName, text, { maxKeys: 4 }),
      metadata_context: optional(metadata),
      route_metadata_context: optional(metadata),
      tls_session: optional(fc.record({ sni: text })),
    }),
  ),
})

function encode(message: object): Buffer {
  return Buffer.from(upstream.encode(upstream.fromObject(message)).finish())
}

describe('decodeCheckRequest', () => {
  it('agrees with the full decode on every CheckRequest', () => {
    fc.assert(
      fc.property(checkRequest, (message) => {
        const bytes = encode(message)
        expect(decodeToText(bytes)).toEqual(fullDecode(bytes))
      }),
      { numRuns: 1_000 },
    )
  })

  it('decodes a Uint8Array that is no Buffer alike', () => {
    fc.assert(
      fc.property(checkRequest, (message) => {
        const bytes = encode(message)
        expect(decodeToText(new Uint8Array(bytes))).toEqual(decodeToText(bytes))
      }),
    )
  })

  it('throws or gives nothing but text on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expectErrorOrText(Buffer.from(bytes))
      }),
      { numRuns: 2_000 },
    )
  })

  it('throws or gives nothing but text on a CheckRequest with some bytes changed', () => {
    const change = fc.tuple(fc.nat(), fc.nat(255))
    fc.assert(
      fc.property(
        checkRequest,
        fc.array(change, { minLength: 1, maxLength: 4 }),
        (message, all) => {
          const bytes = encode(message)
          for (const [at, byte] of all) if (bytes.length > 0) bytes[at % bytes.length] = byte
          expectErrorOrText(bytes)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

function expectErrorOrText(bytes: Buffer): void {
  let decoded
  try {
    decoded = decodeToText(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    return
  }
  const { hasHttp, ...rest } = decoded
  expect(typeof hasHttp).toBe('boolean')
  expect(
    Object.values(rest).every((value) => value === undefined || typeof value === 'string'),
  ).toBe(true)
  expect(hasHttp || rest.authorization === undefined).toBe(true)
}
