/** Header blocks as RFC 7541 defines them: what is decoded, what ends the connection, and what is remembered. */
import { describe, expect, it } from 'vitest'
import { HpackDecoder, HpackError, type Field } from '../../../src/http2/hpack-decoder.js'
import { staticTable } from '../../../src/http2/static-table.js'
import { conversations, tablesAfter } from './hpack-vectors.js'

const maxListBytes = 16_384
const create = (limits: { maxTableBytes?: number; maxListBytes?: number } = {}): HpackDecoder =>
  new HpackDecoder({ maxTableBytes: 4_096, maxListBytes, ...limits })
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
/** A size update to 256, the table of appendices C.5 and C.6. */
const sizeUpdate256 = '3fe101'

/** A literal that the table keeps, with a name and a value of its own, each shorter than 127 octets. */
function inserted(name: string, value: string): Buffer {
  const text = (part: string): Buffer =>
    Buffer.concat([Buffer.from([part.length]), Buffer.from(part, 'latin1')])
  return Buffer.concat([hex('40'), text(name), text(value)])
}

/** The dynamic table, newest first, by references to one entry after the other until there is none. */
function tableOf(decoder: HpackDecoder): Field[] {
  const entries: Field[] = []
  for (let index = 62; index < 127; index += 1) {
    try {
      entries.push(...decoder.decode(Buffer.from([0x80 | index]))!)
    } catch (error) {
      expect(error).toBeInstanceOf(HpackError)
      break
    }
  }
  return entries
}

describe('HpackDecoder on RFC 7541 appendix C', () => {
  for (const { section, tableBytes, blocks } of conversations) {
    it(`decodes the blocks of ${section}, and has the RFC's table after them`, () => {
      const decoder = create({ maxTableBytes: tableBytes })
      if (tableBytes === 256) expect(decoder.decode(hex(sizeUpdate256))).toEqual([])
      for (const block of blocks) expect(decoder.decode(hex(block.hex))).toEqual(block.fields)
      const twin = { 'C.4': 'C.3', 'C.6': 'C.5' }[section]
      expect(tableOf(decoder)).toEqual(tablesAfter[twin ?? section])
    })
  }

  it('evicts the oldest entry first, as C.5.2 says', () => {
    const decoder = create({ maxTableBytes: 256 })
    decoder.decode(hex(sizeUpdate256))
    const c5 = conversations.find(({ section }) => section === 'C.5')!
    for (const { hex: block } of c5.blocks.slice(0, 2)) decoder.decode(hex(block))
    expect(tableOf(decoder).map(([name]) => name)).toEqual([
      ':status',
      'location',
      'date',
      'cache-control',
    ])
  })
})

describe('HpackDecoder and its tables', () => {
  it('knows every entry of the static table by its index', () => {
    const all = Buffer.from(staticTable.map((_, at) => 0x81 + at))
    expect(create().decode(all)).toEqual(staticTable)
    expect(staticTable).toHaveLength(61)
  })

  it('takes names from the dynamic table, even that of an entry which has to go', () => {
    const decoder = create()
    decoder.decode(Buffer.concat([hex('3f29'), inserted('name', 'a')])) // 72 octets: one entry.
    const block = Buffer.concat([hex('7e01'), Buffer.from('b')]) // A new entry, its name from index 62.
    expect(decoder.decode(block)).toEqual([['name', 'b']])
    expect(tableOf(decoder)).toEqual([['name', 'b']])
  })

  it('counts 32 octets for each entry', () => {
    const two = Buffer.concat([inserted('a', 'b'), inserted('c', 'defg')]) // 34 and 37 octets.
    const exact = create()
    exact.decode(Buffer.concat([hex('3f28'), two])) // A table of 71.
    expect(tableOf(exact)).toHaveLength(2)
    const tooSmall = create()
    tooSmall.decode(Buffer.concat([hex('3f27'), two]))
    expect(tableOf(tooSmall)).toEqual([['c', 'defg']])
  })

  it('is emptied by an entry that is larger than the table, and the field is still read', () => {
    const decoder = create()
    decoder.decode(Buffer.concat([hex('3f21'), inserted('a', 'b')])) // 64 octets.
    const large: Field = ['name', 'x'.repeat(29)]
    expect(decoder.decode(inserted(...large))).toEqual([large])
    expect(tableOf(decoder)).toEqual([])
  })

  it('is emptied by a size update to nothing, and filled again after another', () => {
    const decoder = create()
    decoder.decode(inserted('a', 'b'))
    expect(decoder.decode(hex('20 3fe11f'))).toEqual([])
    expect(tableOf(decoder)).toEqual([])
    const again = create()
    again.decode(Buffer.concat([hex('20 3fe11f'), inserted('c', 'd')]))
    expect(tableOf(again)).toEqual([['c', 'd']])
  })

  it('starts with 4,096 octets whatever it announces, for a peer may not have read that', () => {
    for (const maxTableBytes of [0, 65_536]) {
      const decoder = create({ maxTableBytes })
      const values = Array.from({ length: 40 }, (_, at) => String(at).padStart(48)) // 128 octets an entry.
      for (const value of values) decoder.decode(inserted('n'.repeat(48), value))
      const kept = tableOf(decoder).map(([, value]) => value)
      expect(kept).toEqual(values.slice(-32).reverse())
    }
  })

  it('goes on for many rounds of its ring', () => {
    const decoder = create()
    for (let count = 0; count < 1_000; count += 1) decoder.decode(inserted('n', String(count)))
    expect(decoder.decode(hex('be bf'))).toEqual([
      ['n', '999'],
      ['n', '998'],
    ])
  })
})

/** What is said of each block that cannot be decoded. */
const failures: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'an index that nothing has': {
    'index 0': '80',
    'an index after both tables': 'be',
    'a name index after both tables, kept': '7e 01 61',
    'a name index after both tables, not kept': '0f2f 01 61',
  },
  'the table gets too large': {
    'a size update above the limit': '3fe21f',
  },
  'a size update after a field': {
    'a size update after a field': '82 20',
  },
  'the block ends too early': {
    'a block that ends in an integer': '3f',
    'a block that ends after a continuation octet': 'ff80',
    'a block that ends before a name': '40',
    'a block that ends before a value': '41',
  },
  'a string exceeds its block': {
    'a value that exceeds the block': '41 05 61616161',
    'a name that exceeds the block': '40 7f8101 6161',
    'a Huffman string that exceeds the block': '41 85 61616161',
  },
  'an integer is too long': {
    'an integer of five continuation octets': '3f8080808001',
    'zeroes after an integer that is whole': '3f808080808000',
    'an integer that overflows 32 bits': '41 7fffffffffff7f',
  },
  'a string is not in the Huffman code': {
    'Huffman padding that is not all ones': '41 81 00',
    'Huffman padding of eight bits': '41 82 1fff',
    'EOS in a Huffman string': '41 84 ffffffff',
  },
}

describe('HpackDecoder refuses', () => {
  for (const [message, blocks] of Object.entries(failures)) {
    for (const [what, block] of Object.entries(blocks)) {
      it(what, () => {
        expect(() => create().decode(hex(block))).toThrow(new HpackError(message))
      })
    }
  }

  it('an index that no entry has, also when there are entries', () => {
    // One after all 120 entries of 34 octets, and, with the table cut to one, those that would be around its ring.
    for (const [rest, index] of [
      ['', '80'],
      ['', 'ff37'],
      ['3f08', 'bf'],
      ['3f08', 'ff3f'],
    ] as const) {
      const decoder = create()
      for (let count = 0; count < 300; count += 1) decoder.decode(inserted('n', 'v'))
      decoder.decode(hex(rest))
      expect(() => decoder.decode(hex(index))).toThrow(HpackError)
    }
  })

  it('nothing that is just inside these limits', () => {
    expect(create().decode(hex('3fe11f 82'))).toEqual([[':method', 'GET']])
    expect(create().decode(hex('3f00 20 82'))).toEqual([[':method', 'GET']])
    expect(create().decode(hex('0f80808000 01 66'))).toEqual([['accept-charset', 'f']])
    expect(create().decode(hex('0f00 00'))).toEqual([['accept-charset', '']])
    expect(create().decode(hex(''))).toEqual([])
  })
})

describe('HpackDecoder and a list that is too long', () => {
  // 37 octets each.
  const fields = Buffer.concat([inserted('a', 'bcde'), inserted('f', 'ghij')])

  it('counts name, value and 32 octets for each field', () => {
    expect(create({ maxListBytes: 74 }).decode(fields)).toHaveLength(2)
    expect(create({ maxListBytes: 73 }).decode(fields)).toBeUndefined()
  })

  it('makes all insertions, and goes on with the next block', () => {
    const decoder = create({ maxListBytes: 40 })
    expect(decoder.decode(Buffer.concat([fields, inserted('k', 'l')]))).toBeUndefined()
    expect(tableOf(decoder)).toEqual([
      ['k', 'l'],
      ['f', 'ghij'],
      ['a', 'bcde'],
    ])
  })

  it('steps over literals that nobody keeps, names and all', () => {
    const decoder = create({ maxListBytes: 40 })
    const block = Buffer.concat([fields, hex('00 01 61 01 62 14 01 63 82'), inserted('k', 'l')])
    expect(decoder.decode(block)).toBeUndefined()
    expect(tableOf(decoder)[0]).toEqual(['k', 'l'])
  })

  it('does not look into strings that nobody keeps, and does into those of the table', () => {
    const noHuffman = '01 61 81 00'
    const block = (kind: string): Buffer => Buffer.concat([fields, hex(kind + noHuffman)])
    expect(create({ maxListBytes: 40 }).decode(block('00'))).toBeUndefined()
    expect(() => create({ maxListBytes: 40 }).decode(block('40'))).toThrow(HpackError)
  })

  it('still refuses what would leave the tables unequal', () => {
    for (const rest of ['00 02 61', '0f31 01 61', '80', '20']) {
      const decoder = create({ maxListBytes: 0 })
      expect(() => decoder.decode(Buffer.concat([fields, hex(rest)]))).toThrow(HpackError)
    }
  })

  it('is stopped by many references to one large entry', () => {
    const decoder = create()
    decoder.decode(inserted('n', 'v'.repeat(120)))
    expect(decoder.decode(Buffer.alloc(65_536, 0xbe))).toBeUndefined()
    expect(decoder.decode(hex('be'))).toEqual([['n', 'v'.repeat(120)]])
  })
})

describe('HpackDecoder and a block that comes again', () => {
  it('gives out the very same list', () => {
    const decoder = create()
    const first = decoder.decode(hex('82 86'))
    expect(decoder.decode(hex('82 86'))).toBe(first)
    expect(decoder.decode(hex('82 87'))).not.toBe(first)
    expect(decoder.decode(hex('82 86'))).toEqual(first)
  })

  it('shares an entry of the table, however often it is referred to', () => {
    const decoder = create()
    decoder.decode(inserted('n', 'v'))
    const fields = decoder.decode(hex('be be'))!
    expect(fields[0]).toBe(fields[1])
  })

  it('is not deceived by octets that its caller writes over', () => {
    const decoder = create()
    const block = hex('82 86')
    const first = decoder.decode(block)
    block[1] = 0x87
    expect(decoder.decode(block)).not.toEqual(first)
    expect(decoder.decode(hex('82 87'))).toEqual([
      [':method', 'GET'],
      [':scheme', 'https'],
    ])
  })

  it('decodes again what inserts', () => {
    const decoder = create()
    const block = inserted('a', 'b')
    const first = decoder.decode(block)
    expect(decoder.decode(block)).not.toBe(first)
    expect(tableOf(decoder)).toHaveLength(2)
  })

  it('decodes again what sets the size', () => {
    const decoder = create()
    const first = decoder.decode(hex('20 82'))
    expect(decoder.decode(hex('20 82'))).not.toBe(first)
  })

  it('decodes again what means something else since an insertion', () => {
    const decoder = create()
    decoder.decode(inserted('a', 'b'))
    expect(decoder.decode(hex('be'))).toEqual([['a', 'b']])
    decoder.decode(inserted('c', 'd'))
    expect(decoder.decode(hex('be'))).toEqual([['c', 'd']])
  })

  it('says again that a list is too long', () => {
    const decoder = create({ maxListBytes: 10 })
    expect(decoder.decode(hex('82'))).toBeUndefined()
    expect(decoder.decode(hex('82'))).toBeUndefined()
  })
})
