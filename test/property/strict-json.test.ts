/** The strict JSON reader agrees with JSON.parse on every object that has one reading, and refuses all others. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJsonObject } from '../../src/strict-json.js'

function read(text: string): Record<string, unknown> | undefined {
  return parseJsonObject(Buffer.from(text))
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom(...Array.from('a"\\/\b\f\n\u2028:,{}[]é😀')), maxLength: 8 }),
)
const value = fc.jsonValue({ maxDepth: 6, stringUnit: 'grapheme' })
const object = fc.dictionary(text, value, { maxKeys: 6 })
const indent = fc.constantFrom(undefined, 1, '\t', ' \r\n')

/** Writes every character of the strings of a JSON text as an escape. */
function escaped(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) => {
    const units = Array.from({ length: (JSON.parse(quoted) as string).length }, (_, i) =>
      (JSON.parse(quoted) as string).charCodeAt(i).toString(16).padStart(4, '0'),
    )
    return `"${units.map((unit) => `\\u${unit}`).join('')}"`
  })
}

describe('parseJsonObject', () => {
  it('agrees with JSON.parse on objects without repeated names', () => {
    fc.assert(
      fc.property(object, indent, (members, space) => {
        const json = JSON.stringify(members, undefined, space)
        expect(read(json)).toEqual(JSON.parse(json))
      }),
      { numRuns: 500 },
    )
  })

  it('agrees with JSON.parse when every character is escaped', () => {
    fc.assert(
      fc.property(object, (members) => {
        const json = escaped(JSON.stringify(members))
        expect(read(json)).toEqual(JSON.parse(json))
      }),
      { numRuns: 300 },
    )
  })

  it('refuses a name that is there twice, at any depth and in any spelling', () => {
    const wrap = fc.array(fc.constantFrom('list', 'object'), { maxLength: 10 })
    fc.assert(
      fc.property(text, value, value, wrap, fc.boolean(), (name, one, other, levels, isEscaped) => {
        const first = JSON.stringify(name)
        const second = isEscaped ? escaped(first) : first
        const twice = `{${first}:${JSON.stringify(one)},"~":0,${second}:${JSON.stringify(other)}}`
        const json = levels.reduce(
          (inner, level) => (level === 'list' ? `[0,${inner}]` : `{"x":"{","y":${inner}}`),
          twice,
        )
        expect(read(`{"claims":${json}}`)).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })

  it('gives nothing but what JSON.parse gives, whatever the text', () => {
    const almost = fc.oneof(
      fc.string({ unit: fc.constantFrom(...Array.from('{}[]":,\\u0019a \n')), maxLength: 24 }),
      fc.tuple(object, fc.nat(), text).map(([members, at, inserted]) => {
        const json = JSON.stringify(members)
        const place = at % (json.length + 1)
        return json.slice(0, place) + inserted + json.slice(place)
      }),
    )
    fc.assert(
      fc.property(almost, (json) => {
        // UTF-8 has no lone surrogates: what the octets hold is what there is to read.
        const octets = Buffer.from(json)
        const strict = parseJsonObject(octets)
        if (strict !== undefined) expect(strict).toEqual(JSON.parse(octets.toString()))
      }),
      { numRuns: 1_000 },
    )
  })

  it('never throws, whatever the octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => {
        expect([undefined, 'object']).toContain(
          parseJsonObject(octets) === undefined ? undefined : typeof parseJsonObject(octets),
        )
      }),
      { numRuns: 500 },
    )
  })

  it.each(['', ' ', '1', 'null', '"a"', '[]', '[{}]', 'true', '{}{}', '{},', '\ufeff{}'])(
    'refuses %j, which is no object',
    (json) => {
      expect(read(json)).toBeUndefined()
    },
  )
})
