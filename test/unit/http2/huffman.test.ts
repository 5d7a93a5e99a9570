/** The Huffman code of RFC 7541 appendix B: each of its codes, by the RFC's examples and by another encoder. */
import { describe, expect, it } from 'vitest'
import { HpackDecoder } from '../../../src/http2/hpack-decoder.js'
import { decodeHuffman } from '../../../src/http2/huffman.js'
import { converse } from '../../support/header-blocks.js'

const decode = (hex: string): string | undefined => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  return decodeHuffman(bytes, 0, bytes.length)
}

/** From appendices C.4 and C.6. */
const examples: Readonly<Record<string, string>> = {
  'f1e3 c2e5 f23a 6ba0 ab90 f4ff': 'www.example.com',
  'a8eb 1064 9cbf': 'no-cache',
  '25a8 49e9 5ba9 7d7f': 'custom-key',
  '25a8 49e9 5bb8 e8b4 bf': 'custom-value',
  '6402': '302',
  '640e ff': '307',
  'aec3 771a 4b': 'private',
  'd07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff': 'Mon, 21 Oct 2013 20:13:21 GMT',
  '9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3': 'https://www.example.com',
  '9bd9 ab': 'gzip',
}

describe('decodeHuffman', () => {
  for (const [hex, text] of Object.entries(examples)) {
    it(`decodes ${text}`, () => {
      expect(decode(hex)).toBe(text)
    })
  }

  it('decodes codes of every kind, first and last of the table', () => {
    expect(decode('ffc7')).toBe('\0') // 13 bits, which no client sends.
    expect(decode('fffffff3')).toBe('\n') // 30 bits, as long as EOS.
    expect(decode('fffffbbf')).toBe('\xff') // 26 bits.
    expect(decode('')).toBe('')
  })

  it('decodes each octet that nghttp2 encodes', async () => {
    // Sixty short codes before it, so that the whole is shorter with Huffman than without.
    const values = Array.from(
      { length: 255 },
      (_, at) => 'a'.repeat(60) + String.fromCharCode(at + 1),
    )
    const { blocks } = await converse(values.map((value) => ({ x: value })))
    const decoder = new HpackDecoder({ maxTableBytes: 4_096, maxListBytes: 16_384 })
    expect(blocks).toHaveLength(255)
    for (const { request, block } of blocks) {
      expect(block.includes('aaaaa')).toBe(false)
      expect(decoder.decode(block)?.at(-1)).toEqual(['x', values[request]])
    }
  })

  it('looks at nothing outside of its bounds', () => {
    const bytes = Buffer.from('ff1fff', 'hex')
    expect(decodeHuffman(bytes, 1, 2)).toBe('a')
  })

  it('decodes what is longer than any header block', () => {
    const zeroes = Buffer.alloc(5 * 30_000) // 00000 is the code of "0".
    expect(decodeHuffman(zeroes, 0, zeroes.length)).toBe('0'.repeat(8 * 30_000))
  })

  it('takes at most seven bits of padding', () => {
    expect(decode('18d6')).toBe('aa-') // Sixteen bits.
    expect(decode('18d6 ff')).toBeUndefined()
    expect(decode('18ee 7f')).toBe('aa:') // Seventeen.
    expect(decode('18ee 7fff')).toBeUndefined()
    expect(decode('ff')).toBeUndefined()
    expect(decode('ffff')).toBeUndefined()
  })

  it('takes no padding but ones', () => {
    expect(decode('1f')).toBe('a')
    for (const other of ['18', '1b', '1d', '1e', 'fffffff2']) expect(decode(other)).toBeUndefined()
  })

  it('takes no EOS, neither at the end nor before another symbol', () => {
    expect(decode('ffffffff')).toBeUndefined()
    expect(decode('fffffffc')).toBeUndefined()
    expect(decode('fffffffc 7f')).toBeUndefined()
    expect(decode('1fffffff ff1f')).toBeUndefined()
  })
})
