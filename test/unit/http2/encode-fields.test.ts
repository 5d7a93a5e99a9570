/** Header blocks that we write: their octets, and what two decoders read in them, ours and node's. */
import { describe, expect, it } from 'vitest'
import { encodeFields } from '../../../src/http2/encode-fields.js'
import { HpackDecoder, type Field } from '../../../src/http2/hpack-decoder.js'
import { staticTable } from '../../../src/http2/static-table.js'
import { converse } from '../../support/header-blocks.js'

const decode = (block: Buffer): readonly Field[] | undefined =>
  new HpackDecoder({ maxTableBytes: 4_096, maxListBytes: 1_000_000 }).decode(block)

/** What is sent for each field: RFC 7541 section 6. */
const blocks: readonly (readonly [what: string, field: Field, hex: string])[] = [
  ['a field of the static table by its index', [':status', '200'], '88'],
  ['the last of several of one name', [':status', '500'], '8e'],
  ['a field without a value', ['accept-charset', ''], '8f'],
  ['a value by the first index of its name', [':status', '201'], '08 03 323031'],
  ['a name that only servers of old would send', ['transfer-encoding', 'a'], '0f2a 01 61'],
  ['an index that exceeds its prefix', ['content-type', 'a'], '0f10 01 61'],
  ['a name that is not in the table', ['te', 'b'], '00 02 7465 01 62'],
  ['any octet as it is', ['x', '\0\n\xff'], '00 01 78 03 000aff'],
  ['an empty name', ['', ''], '00 00 00'],
  ['authorization as never indexed', ['authorization', 'a'], '1f08 01 61'],
  ['authorization so without a value too', ['authorization', ''], '1f08 00'],
  ['cookie as never indexed', ['cookie', 'a'], '1f11 01 61'],
  ['set-cookie as never indexed', ['set-cookie', 'a'], '1f28 01 61'],
]

describe('encodeFields', () => {
  for (const [what, field, hex] of blocks) {
    it(`sends ${what}`, () => {
      expect(encodeFields([field]).toString('hex')).toBe(hex.replaceAll(' ', ''))
    })
  }

  it('keeps the order, and sends nothing for nothing', () => {
    const fields = blocks.map(([, field]) => field)
    expect(decode(encodeFields(new Set(fields)))).toEqual(fields)
    expect(encodeFields([])).toHaveLength(0)
  })

  it('sends lengths around the ends of their prefix', () => {
    for (const length of [126, 127, 128, 254, 255, 16_510, 16_511, 70_000]) {
      const field: Field = ['n'.repeat(length), 'v'.repeat(length + 1)]
      expect(decode(encodeFields([field]))).toEqual([field])
    }
  })

  it('sends each field of the static table so that it is read again', () => {
    expect(decode(encodeFields(staticTable))).toEqual(staticTable)
  })

  it('refuses what is not in Latin-1, in a name and in a value', () => {
    expect(() => encodeFields([['a', 'b\u010a']])).toThrow(RangeError)
    expect(() => encodeFields([['a\u010a', 'b']])).toThrow(RangeError)
  })

  it('is read by the client of node', async () => {
    const fields: readonly Field[] = [
      [':status', '200'],
      ['content-type', 'application/grpc+proto'],
      ['grpc-status', '0'],
      ['set-cookie', 'a=b'],
      ['x-long', 'v'.repeat(300)],
    ]
    const { answers } = await converse([{}, {}], { answer: encodeFields(fields) })
    expect(answers).toEqual([fields.flat(), fields.flat()])
  })

  it('and the client of node have the same static table', async () => {
    // No client may send transfer-encoding, which stands among the blocks above.
    const names = new Set(staticTable.map(([name]) => name))
    const free = [...names].filter((name) => !/^:|^transfer-encoding$/.test(name))
    const requests = free.map((name) => ({ [name]: 'gzip, deflate' }))
    const { blocks: sent } = await converse([{}, ...requests])
    const decoder = new HpackDecoder({ maxTableBytes: 4_096, maxListBytes: 16_384 })
    expect(decoder.decode(sent[0]!.block)).toHaveLength(4)
    expect(sent).toHaveLength(47)
    for (const { request, block } of sent.slice(1)) {
      expect(decoder.decode(block)?.at(-1)).toEqual([free[request - 1], 'gzip, deflate'])
      // Four references, that to the name, and the value: a name that nghttp2 does not know would take more.
      expect(block.length).toBeLessThanOrEqual(4 + 2 + 11)
    }
    for (const field of staticTable.filter(([name]) => name === ':status')) {
      const { answers } = await converse([{}], { answer: encodeFields([field]) })
      expect(answers).toEqual([field])
    }
  })
})
