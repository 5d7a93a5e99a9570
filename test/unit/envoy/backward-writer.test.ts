/** The writer makes room in time, wherever its buffer ends. What it writes, the property test of the encoder holds. */
import { describe, expect, it } from 'vitest'
import { BackwardWriter } from '../../../src/envoy/backward-writer.js'

type Write = (writer: BackwardWriter) => void

const fields: [name: string, octets: string, write: Write][] = [
  [
    'a number of one octet',
    '0801',
    (writer) => {
      writer.number(1, 1)
    },
  ],
  [
    'a number of two octets',
    '08ac02',
    (writer) => {
      writer.number(1, 300)
    },
  ],
  [
    'a number of five octets',
    '08ffffffff07',
    (writer) => {
      writer.number(1, 0x7fff_ffff)
    },
  ],
  [
    'an empty text',
    '0a00',
    (writer) => {
      writer.text(1, '')
    },
  ],
  [
    'a text in ASCII',
    '0a0161',
    (writer) => {
      writer.text(1, 'a')
    },
  ],
  [
    'a text of three octets to a unit',
    '0a03e282ac',
    (writer) => {
      writer.text(1, '€')
    },
  ],
  [
    'an empty message',
    '0a00',
    (writer) => {
      writer.message(1, writer.length)
    },
  ],
]
/** More than the first buffer holds, of the shortest field. */
const count = 2_100

describe('BackwardWriter', () => {
  it.each(fields)('makes room for %s', (_name, octets, write) => {
    // So many fields of three octets before move the place in the field at which the buffer ends.
    for (let before = 0; before < 8; before++) {
      const writer = new BackwardWriter()
      for (let i = 0; i < before; i++) writer.number(1, 300)
      for (let i = 0; i < count; i++) write(writer)
      const expected = octets.repeat(count) + '08ac02'.repeat(before)
      expect(writer.length).toBe(expected.length / 2)
      expect(writer.copy().toString('hex') === expected).toBe(true)
    }
  })

  it('makes room for a message of any length around what is written', () => {
    for (let length = 4_080; length <= 4_096; length++) {
      const writer = new BackwardWriter()
      writer.number(1, length % 2 === 0 ? 1 : 300)
      while (writer.length < length) writer.number(1, 1)
      const content = writer.copy()
      writer.message(1, 0)
      const head = Buffer.from([0x0a, (content.length & 0x7f) | 0x80, content.length >>> 7])
      expect(writer.copy().equals(Buffer.concat([head, content]))).toBe(true)
    }
  })

  it('starts again, in the same buffer, when it is cleared', () => {
    const writer = new BackwardWriter()
    writer.text(1, 'a'.repeat(10_000))
    const first = writer.copy()
    writer.clear()
    expect(writer.length).toBe(0)
    writer.text(1, 'b')
    expect(writer.copy().toString('hex')).toBe('0a0162')
    expect(first.subarray(3).toString()).toBe('a'.repeat(10_000))
  })
})
