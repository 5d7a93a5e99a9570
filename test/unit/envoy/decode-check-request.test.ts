/** The partial decode of a CheckRequest on wires that no encoder writes, but a decoder has to expect. */
import { describe, expect, it } from 'vitest'
import { decodeToText, fullDecode } from '../../support/full-decode.js'
import { key, lengthDelimited, varint, withLength } from '../../support/wire.js'

// Field numbers of upstream's protos.
const attributes = (...parts: Buffer[]): Buffer => lengthDelimited(1, ...parts)
const request = (...parts: Buffer[]): Buffer => lengthDelimited(4, ...parts)
const http = (...parts: Buffer[]): Buffer => lengthDelimited(2, ...parts)
const method = (text: string): Buffer => lengthDelimited(2, text)
const path = (text: string): Buffer => lengthDelimited(4, text)
const host = (text: string): Buffer => lengthDelimited(5, text)
const header = (name: string, value: string): Buffer =>
  lengthDelimited(3, lengthDelimited(1, name), lengthDelimited(2, value))
const headerMap = (...values: Buffer[]): Buffer => lengthDelimited(13, ...values)
const headerValue = (name: string, value: string, valueField = 3): Buffer =>
  lengthDelimited(1, lengthDelimited(1, name), lengthDelimited(valueField, value))
const extension = (name: string, value: string): Buffer =>
  lengthDelimited(10, lengthDelimited(1, name), lengthDelimited(2, value))
const wrapped = (...parts: Buffer[]): Buffer => attributes(request(http(...parts)))

const good = wrapped(
  method('GET'),
  header('authorization', 'Bearer a'),
  path('/read'),
  host('api.example.com'),
)
const empty = {
  hasHttp: false,
  method: '',
  path: '',
  host: '',
  authorization: undefined,
  accept: undefined,
  contentType: undefined,
  requestId: undefined,
  resource: undefined,
  route: undefined,
}

/** One field of every wire type that a message may hold without our knowing it. */
const unknownFields = Buffer.concat([
  Buffer.concat([key(900, 0), varint(7)]),
  Buffer.concat([key(901, 1), Buffer.alloc(8, 0xff)]),
  lengthDelimited(902, 'anything'),
  Buffer.concat([key(903, 3), key(1, 0), varint(1), key(903, 4)]),
  Buffer.concat([key(904, 5), Buffer.alloc(4, 0xff)]),
])

describe('decodeCheckRequest', () => {
  it('reads every field that a decision is made from', () => {
    const decoded = decodeToText(
      attributes(
        request(
          http(
            method('POST'),
            header('authorization', 'Bearer a'),
            header('accept', 'text/html'),
            header('content-type', 'application/grpc'),
            header('x-request-id', '42'),
            header('cookie', 'secret'),
            path('/read?x=1'),
            host('api.example.com:443'),
          ),
        ),
        extension('scopegate.resource', 'users-api'),
        extension('scopegate.route', 'read'),
        extension('other', 'ignored'),
      ),
    )
    expect(decoded).toEqual({
      hasHttp: true,
      method: 'POST',
      path: '/read?x=1',
      host: 'api.example.com:443',
      authorization: 'Bearer a',
      accept: 'text/html',
      contentType: 'application/grpc',
      requestId: '42',
      resource: 'users-api',
      route: 'read',
    })
  })

  it.each([
    ['an empty message', Buffer.alloc(0)],
    ['attributes without a request', attributes()],
    ['a request without http, as of the TCP filter', attributes(request())],
  ])('finds no HTTP request in %s', (_name, bytes) => {
    expect(decodeToText(bytes)).toEqual(empty)
  })

  it('finds an HTTP request without content', () => {
    expect(decodeToText(wrapped())).toEqual({ ...empty, hasHttp: true })
  })
})

describe('decodeCheckRequest, repeated fields', () => {
  it.each([
    ['attributes', Buffer.concat([wrapped(method('GET')), wrapped(path('/read'))])],
    ['request', attributes(request(http(method('GET'))), request(http(path('/read'))))],
    ['http', attributes(request(http(method('GET')), http(path('/read'))))],
  ])('merges a second %s into the first', (_name, bytes) => {
    expect(decodeToText(bytes)).toEqual({
      ...empty,
      hasHttp: true,
      method: 'GET',
      path: '/read',
    })
  })

  it('takes the last of a repeated single value', () => {
    const decoded = decodeToText(wrapped(method('GET'), path('/a'), method('POST'), path('/b')))
    expect([decoded.method, decoded.path]).toEqual(['POST', '/b'])
  })

  it('takes the last of a repeated context extension', () => {
    const bytes = attributes(extension('scopegate.route', 'a'), extension('scopegate.route', 'b'))
    expect(decodeToText(bytes).route).toBe('b')
  })

  it.each([
    [
      'two of a header_map',
      wrapped(
        headerMap(
          headerValue('authorization', 'Bearer a'),
          headerValue('authorization', 'Bearer b'),
        ),
      ),
    ],
    [
      'two header_maps',
      wrapped(
        headerMap(headerValue('authorization', 'Bearer a')),
        headerMap(headerValue('authorization', 'Bearer b')),
      ),
    ],
    [
      'one of headers and one of header_map',
      wrapped(
        header('authorization', 'Bearer a'),
        headerMap(headerValue('authorization', 'Bearer b')),
      ),
    ],
    [
      'two of headers, which a map cannot hold',
      wrapped(header('authorization', 'Bearer a'), header('authorization', 'Bearer b')),
    ],
  ])('joins %s by a comma', (_name, bytes) => {
    expect(decodeToText(bytes).authorization).toBe('Bearer a,Bearer b')
  })

  it.each([2, 3])('reads field %i of a HeaderValue as its value', (field) => {
    const bytes = wrapped(headerMap(headerValue('authorization', 'Bearer a', field)))
    expect(decodeToText(bytes).authorization).toBe('Bearer a')
    expect(decodeToText(bytes)).toEqual(fullDecode(bytes))
  })
})

describe('decodeCheckRequest, order and unknown fields', () => {
  it.each([
    ['a header', 3],
    ['a context extension', 10],
  ])('reads %s whose value stands before its key', (_name, field) => {
    const entry = (name: string, value: string): Buffer =>
      lengthDelimited(field, lengthDelimited(2, value), lengthDelimited(1, name))
    const bytes =
      field === 3
        ? wrapped(entry('cookie', 'x'), entry('authorization', 'Bearer a'))
        : attributes(entry('scopegate.route', 'read'))
    const decoded = decodeToText(bytes)
    expect(decoded).toEqual(fullDecode(bytes))
    expect([decoded.authorization, decoded.route]).toContain(field === 3 ? 'Bearer a' : 'read')
  })

  it('reads fields in any order', () => {
    const parts = [host('h'), path('/p'), header('accept', '*/*'), method('GET')]
    const bytes = attributes(extension('scopegate.route', 'r'), request(http(...parts)))
    expect(decodeToText(bytes)).toEqual(fullDecode(bytes))
  })

  it.each([
    ['CheckRequest', Buffer.concat([unknownFields, good, unknownFields])],
    ['attributes', attributes(unknownFields, request(http(method('GET'))), unknownFields)],
    ['request', attributes(request(unknownFields, http(method('GET')), unknownFields))],
    ['http', wrapped(unknownFields, method('GET'), unknownFields)],
    ['header_map', wrapped(method('GET'), headerMap(unknownFields, headerValue('accept', '*/*')))],
    [
      'HeaderValue',
      wrapped(
        method('GET'),
        headerMap(
          lengthDelimited(
            1,
            unknownFields,
            lengthDelimited(1, 'accept'),
            unknownFields,
            lengthDelimited(2, '*/*'),
            unknownFields,
          ),
        ),
      ),
    ],
  ])('skips unknown fields of every wire type in %s', (_name, bytes) => {
    const decoded = decodeToText(bytes)
    expect(decoded.method).toBe('GET')
    expect(decoded).toEqual(fullDecode(bytes))
  })

  it('takes a known field of another wire type for an unknown one', () => {
    const asVarint = (field: number): Buffer => Buffer.concat([key(field, 0), varint(1)])
    expect(decodeToText(asVarint(1))).toEqual(empty)
    expect(decodeToText(attributes(asVarint(4), asVarint(10)))).toEqual(empty)
    expect(decodeToText(attributes(request(asVarint(2))))).toEqual(empty)
    expect(
      decodeToText(wrapped(asVarint(2), asVarint(3), asVarint(4), asVarint(5), asVarint(13))),
    ).toEqual({ ...empty, hasHttp: true })
  })

  it('does not read a field inside a group', () => {
    const group = Buffer.concat([key(900, 3), method('POST'), key(900, 4)])
    expect(decodeToText(wrapped(method('GET'), group)).method).toBe('GET')
  })
})

describe('decodeCheckRequest, broken bytes', () => {
  it('throws on every truncation', () => {
    for (let length = 1; length < good.length; length++) {
      expect(() => decodeToText(good.subarray(0, length)), String(length)).toThrow(RangeError)
    }
  })

  it.each([
    ['attributes longer than the message', withLength(1, 9, 'abc')],
    ['a request longer than its attributes', attributes(withLength(4, 3, ''))],
    [
      'a request that reaches into the next field',
      Buffer.concat([attributes(withLength(4, 4, '')), good]),
    ],
    ['a path longer than its request', Buffer.concat([wrapped(withLength(4, 40, '/a')), good])],
    ['a header longer than its request', Buffer.concat([wrapped(withLength(3, 40, '')), good])],
    [
      'a value longer than its header',
      wrapped(
        lengthDelimited(3, lengthDelimited(1, 'accept'), withLength(2, 9, 'x')),
        path('/a-long-enough-path'),
      ),
    ],
    [
      'a value longer than its context extension',
      attributes(
        lengthDelimited(10, lengthDelimited(1, 'scopegate.route'), withLength(2, 9, 'x')),
        request(http(path('/a-long-enough-path'))),
      ),
    ],
    ['a length of 4 GiB', Buffer.concat([key(1, 2), varint(0xffff_ffff), good])],
    ['a length that never ends', Buffer.concat([key(1, 2), Buffer.alloc(12, 0xff)])],
    ['field number 0', Buffer.concat([Buffer.from([0x02, 0x00]), good])],
    ['wire type 6', Buffer.concat([key(900, 6), good])],
    ['wire type 7', wrapped(key(900, 7))],
    ['a group that does not end', Buffer.concat([good, key(900, 3)])],
    ['a group that does not start', Buffer.concat([good, key(900, 4)])],
    ['groups a million deep', Buffer.alloc(1_000_000, key(5, 3))],
    ['text', Buffer.from('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n')],
  ])('throws on %s', (_name, bytes) => {
    expect(() => decodeToText(bytes)).toThrow(Error)
  })
})
