/** The table of a connection's open streams says what a Map says, also where numbers share a slot. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ServerStream } from '../../../src/http2/server-stream.js'
import { StreamTable } from '../../../src/http2/stream-table.js'

const numbered = (id: number): ServerStream => ({ id }) as unknown as ServerStream
/** Numbers so far apart share a slot. */
const lap = 512

function tableOf(streams: readonly ServerStream[]): StreamTable {
  const table = new StreamTable()
  for (const stream of streams) table.add(stream)
  return table
}

function idsOf(streams: Iterable<ServerStream>): number[] {
  return [...streams].map(({ id }) => id).sort((a, b) => a - b)
}

describe('StreamTable', () => {
  it('says what a Map says, whatever is added and deleted', () => {
    // Few numbers, of which many share a slot, in any order; the greatest that there is shares one too.
    const lastId = 2 ** 31 - 1
    const id = fc.oneof(
      fc.tuple(fc.nat(2), fc.nat(4)).map(([slot, turn]) => 2 * slot + 1 + lap * turn),
      fc.nat(2).map((turn) => lastId - lap * turn),
    )
    const step = fc.tuple(fc.constantFrom('add', 'add', 'delete'), id)
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const [table, map] = [new StreamTable(), new Map<number, ServerStream>()]
        for (const [what, id] of steps) {
          const known = map.get(id)
          // What is there already is not added again: a connection uses a number once.
          if (what === 'add' && known === undefined) {
            const stream = numbered(id)
            table.add(stream)
            map.set(id, stream)
          } else {
            table.delete(known ?? numbered(id))
            map.delete(id)
          }
          expect(table.size).toBe(map.size)
          for (const [, each] of steps) expect(table.get(each)).toBe(map.get(each))
          expect(idsOf(table.all())).toEqual(idsOf(map.values()))
        }
      }),
    )
  })

  const crowd = [1, 1 + lap, 1 + 2 * lap]
  it.each(permutations(crowd))(
    'lets go of streams of one slot in the order %i, %i, %i',
    (...order) => {
      const streams = crowd.map(numbered)
      const table = tableOf(streams)
      const left = new Set(streams)
      for (const id of order) {
        const stream = table.get(id)
        expect(stream).toBe(streams[crowd.indexOf(id)])
        if (stream === undefined) continue
        table.delete(stream)
        left.delete(stream)
        expect(table.get(id)).toBeUndefined()
        expect(table.size).toBe(left.size)
        expect(idsOf(table.all())).toEqual(idsOf(left))
      }
      expect(table.size).toBe(0)
    },
  )

  it('holds more streams than it has slots', () => {
    const streams = Array.from({ length: lap }, (_, turn) => numbered(2 * turn + 1))
    const table = tableOf(streams)
    expect(table.size).toBe(lap)
    for (const stream of streams) expect(table.get(stream.id)).toBe(stream)
    expect(new Set(table.all())).toEqual(new Set(streams))
  })

  it('does not take a number for another one of its slot', () => {
    const table = tableOf([numbered(1)])
    expect(table.get(1 + lap)).toBeUndefined()
    expect(table.get(3)).toBeUndefined()
  })

  it('has all() as they were, whatever is deleted meanwhile', () => {
    const ids = [1, 3, 1 + lap, 3 + lap, 5 + lap]
    const table = tableOf(ids.map(numbered))
    const seen: number[] = []
    for (const stream of table.all()) {
      seen.push(stream.id)
      for (const each of table.all()) table.delete(each)
    }
    expect(seen.sort((a, b) => a - b)).toEqual(ids)
    expect(table.size).toBe(0)
    expect(table.all()).toEqual([])
  })
})

/** Every order of three numbers. */
function permutations(numbers: readonly number[]): number[][] {
  if (numbers.length < 2) return [[...numbers]]
  return numbers.flatMap((first) =>
    permutations(numbers.filter((one) => one !== first)).map((rest) => [first, ...rest]),
  )
}
