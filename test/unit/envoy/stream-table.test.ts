import fc from 'fast-check'
import { connect, createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { replaceStreamTable, StreamTable } from '../../../src/envoy/stream-table.js'
import { endClient } from '../../support/end-client.js'

const nodeMajor = Number.parseInt(process.versions.node, 10)
const named = (name: number): ServerHttp2Stream => ({ name }) as unknown as ServerHttp2Stream

describe('the table of streams', () => {
  it('says what a Map says, whatever is done to both', () => {
    // Few numbers, of which many share a slot.
    const id = fc.tuple(fc.nat(3), fc.nat(4)).map(([slot, turn]) => 2 * (slot + 256 * turn) + 1)
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('set' as const), id, name: fc.nat(9) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('delete' as const), id }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), id }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const [table, map] = [new StreamTable(), new Map<number, ServerHttp2Stream>()]
        for (const one of steps) {
          if (one.do === 'set') {
            const stream = named(one.name)
            expect(table.set(one.id, stream)).toBe(table)
            map.set(one.id, stream)
          } else if (one.do === 'delete') expect(table.delete(one.id)).toBe(map.delete(one.id))
          else {
            table.clear()
            map.clear()
          }
          expect(table.size).toBe(map.size)
          expect(table.has(one.id)).toBe(map.has(one.id))
          expect(table.get(one.id)).toBe(map.get(one.id))
          expect(inOrder(table)).toEqual(inOrder(map))
          expect([...table.keys()].length + [...table.values()].length).toBe(2 * map.size)
        }
      }),
    )
  })

  it('can lose who is visited, and others, while all are visited', () => {
    const table = new StreamTable()
    for (const id of [1, 3, 513, 515]) table.set(id, named(id))
    const seen: number[] = []
    table.forEach((_stream, id, all) => {
      seen.push(id)
      all.delete(id)
      all.delete(515)
    })
    expect(seen).toEqual([1, 3, 513])
    expect(table.size).toBe(0)
  })
})

describe('a connection', () => {
  it.each([
    ['of this Node.js has its streams in the table, and none is left', nodeMajor, true],
    ['of a Node.js that nobody has tried keeps the Map of Node', 999, false],
  ])('%s', async (_name, major, expected) => {
    const server = createServer()
    const opened = new Promise<ServerHttp2Session>((resolve) => {
      server.on('session', (session) => {
        expect(replaceStreamTable(session, major)).toBe(expected)
        resolve(session)
      })
    })
    server.on('stream', (stream) => {
      stream.respond({ ':status': 200 })
      stream.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const client = connect(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`)
    // More at a time than the table has slots.
    for (let turn = 0; turn < 3; turn++) {
      await Promise.all(
        Array.from({ length: 300 }, async () => {
          const stream = client.request().resume()
          await new Promise((resolve) => stream.on('close', resolve))
        }),
      )
    }
    const streams = streamsOf(await opened)
    expect(streams instanceof StreamTable).toBe(expected)
    await expect.poll(() => streams.size).toBe(0)
    await endClient(client)
    server.close()
  })
})

function inOrder(all: Map<number, ServerHttp2Stream>): [number, ServerHttp2Stream][] {
  return [...all].sort(([a], [b]) => a - b)
}

function streamsOf(session: ServerHttp2Session): Map<number, ServerHttp2Stream> {
  const place = Object.getOwnPropertySymbols(session).find((one) => one.description === 'state')
  const state = Reflect.get(session, place as symbol) as { streams: StreamTable }
  return state.streams
}
