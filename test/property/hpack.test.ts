/** Whatever octets come as a header block, and whatever node's own client sends, the decoder keeps its word (RFC 7541). */
import { sensitiveHeaders, type OutgoingHttpHeaders } from 'node:http2'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFields } from '../../src/http2/encode-fields.js'
import { HpackDecoder, HpackError } from '../../src/http2/hpack-decoder.js'
import { converse } from '../support/header-blocks.js'

const maxListBytes = 2_000
const create = (): HpackDecoder => new HpackDecoder({ maxTableBytes: 4_096, maxListBytes })

/** Parts of header blocks, right and almost right, so that what is put together of them gets far. */
const part = fc.oneof(
  fc.constantFrom(
    ...['82', '88', 'be', 'bf', 'c0', '400161026263', '7e0164', '0f000165', '1f08830f', '4181'],
    ...['20', '3f00', '3fe11f', '4001618118d6', '00', '7f', '80', 'ff8001', '4183ffffff'],
  ),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes).toString('hex')),
)
const almostBlock = fc
  .array(part, { maxLength: 30 })
  .map((parts) => Buffer.from(parts.join(''), 'hex'))
const anyBlock = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))

/** Each block in turn until one cannot be decoded. How many could. */
function decodeAll(decoder: HpackDecoder, blocks: readonly Buffer[]): number {
  for (const [at, block] of blocks.entries()) {
    try {
      const fields = decoder.decode(block)
      const bytes = fields?.map(([name, value]) => name.length + value.length + 32) ?? []
      expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(maxListBytes)
    } catch (error) {
      expect(error).toBeInstanceOf(HpackError)
      return at
    }
  }
  return blocks.length
}

describe('HpackDecoder on any octets', () => {
  it('fails with HpackError or not at all, and gives no list that is too long', () => {
    let decoded = 0
    fc.assert(
      fc.property(fc.array(fc.oneof(almostBlock, anyBlock), { maxLength: 6 }), (blocks) => {
        decoded += decodeAll(create(), blocks)
      }),
      { numRuns: 1_000 },
    )
    expect(decoded).toBeGreaterThan(100) // Else the parts would be no blocks.
  })

  it('comes to an end with 64 KiB of anything that repeats', () => {
    fc.assert(
      fc.property(almostBlock, part, (first, repeated) => {
        decodeAll(create(), [first, Buffer.alloc(65_536, Buffer.from(`${repeated}82`, 'hex'))])
      }),
      { numRuns: 100 },
    )
  })
})

describe('HpackDecoder and encodeFields', () => {
  it('understand each other, and a block that comes again is one list', () => {
    const text = fc
      .uint8Array({ maxLength: 200 })
      .map((bytes) => Buffer.from(bytes).toString('latin1'))
    const name = fc.oneof(text, fc.constantFrom(':status', ':path', 'cookie', 'content-type'))
    const value = fc.oneof(text, fc.constantFrom('200', '/', ''))
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 4 }), (fields) => {
        const decoder = create()
        const block = encodeFields(fields)
        expect(decoder.decode(block)).toEqual(fields)
        expect(decoder.decode(block)).toBe(decoder.decode(Buffer.from(block)))
      }),
    )
  })
})

const octet = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 0xff }) },
)
const fieldName = fc.oneof(
  fc.constantFrom('content-type', 'user-agent', 'grpc-timeout', 'cookie', 'authorization'),
  fc.stringMatching(/^x-[a-z0-9._~-]{0,20}$/),
)
const fieldValue = fc.oneof(
  fc.constantFrom('', 'application/grpc', 'trailers', '1S', '/', 'v'.repeat(300)),
  fc.array(octet, { maxLength: 150 }).map((octets) => String.fromCharCode(...octets)),
)
const clientFields = fc.uniqueArray(fc.tuple(fieldName, fieldValue, fc.boolean()), {
  maxLength: 8,
  selector: ([name]) => name,
})
const method = fc.constantFrom('GET', 'POST', 'PATCH')

/** The same few requests in any order: what comes again comes from the table, and some of it is pushed out. */
const requests = fc
  .array(fc.tuple(method, clientFields), { minLength: 1, maxLength: 6 })
  .chain((few) => fc.array(fc.constantFrom(...few), { minLength: 1, maxLength: 25 }))

describe('HpackDecoder and the client of node', () => {
  it('reads what nghttp2 writes, with tables of any size', async () => {
    const tableBytes = fc.constantFrom(0, 100, 500, 4_096, 20_000)
    let fromTable = 0
    await fc.assert(
      fc.asyncProperty(requests, tableBytes, async (all, maxTableBytes) => {
        const sent = all.map(([verb, fields]) => toHeaders(verb, fields))
        const { blocks } = await converse(sent, { tableBytes: maxTableBytes })
        expect(blocks).toHaveLength(all.length)
        const decoder = new HpackDecoder({ maxTableBytes, maxListBytes: 65_536 })
        for (const { request, block } of blocks) {
          const [verb, fields] = all[request]!
          const decoded = decoder.decode(block)!
          expect(decoded.slice(0, 4).map(([name]) => name)).toEqual(Object.keys(pseudoHeaders))
          expect(decoded[0]).toEqual([':method', verb])
          expect(decoded.slice(4)).toEqual(fields.map(([name, value]) => [name, value]))
          if (decodeAll(create(), [block]) === 0) fromTable += 1
        }
      }),
      { numRuns: 25 },
    )
    expect(fromTable).toBeGreaterThan(0) // Else the client would have referred to nothing that it sent before.
  })
})

const pseudoHeaders = { ':method': '', ':path': '/a', ':scheme': 'http', ':authority': 'b' }

function toHeaders(
  verb: string,
  fields: readonly (readonly [name: string, value: string, isSensitive: boolean])[],
): OutgoingHttpHeaders {
  const sensitive = fields.filter(([, , isSensitive]) => isSensitive).map(([name]) => name)
  return {
    ...pseudoHeaders,
    ':method': verb,
    ...Object.fromEntries(fields.map(([name, value]) => [name, value])),
    [sensitiveHeaders]: sensitive,
  }
}
