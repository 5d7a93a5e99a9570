/** The connections of the primary go to workers; with real connections, and workers and time of the test's making. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SharedDoors } from '../../../src/workers/shared-doors.js'
import { Worker } from '../../../src/workers/worker.js'
import type { PrimaryAnswers, Taking } from '../../../src/workers/questions.js'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.js'
import { createFakeWorkers, type FakeWorker } from '../../support/fake-workers.js'
import { until } from '../../support/until.js'

const at = { door: 'http', address: '127.0.0.1:0' }
let clock: FakeClock
let doors: SharedDoors
let fakes: ReturnType<typeof createFakeWorkers>
let port: number
const clients: Socket[] = []

beforeEach(() => {
  clock = createFakeClock()
  doors = new SharedDoors(clock)
  fakes = createFakeWorkers()
})
afterEach(() => {
  doors.closeAll()
  for (const client of clients.splice(0)) client.destroy()
  for (const { connections } of fakes.all) for (const socket of connections) socket.destroy()
})

/** A worker whose door is open. */
async function open(): Promise<FakeWorker> {
  const number = fakes.all.length + 1
  const answers = doors.answers(() => worker) as PrimaryAnswers // What else it may ask is of no matter here.
  const worker: Worker = new Worker(number, fakes.fork(number), clock, answers)
  void worker.gone.then(() => {
    doors.lost(worker)
  })
  const fake = fakes.all[number - 1]!
  const { address } = await fake.channel.ask('openDoor', at, 1)
  port = Number(address.split(':')[1])
  return fake
}

/** A client that has connected. */
async function client(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  clients.push(socket)
  await once(socket, 'connect')
  return socket
}

/** So many clients, one after the other. Resolves when they are with workers. */
async function connected(count: number): Promise<Socket[]> {
  const before = given()
  const sockets: Socket[] = []
  for (let made = 0; made < count; made += 1) sockets.push(await client())
  await until(() => given() === before + count, `${String(count)} connections with workers`)
  return sockets
}

/** Lets everything happen that is on its way. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}

function given(): number {
  return fakes.all.reduce((sum, { connections }) => sum + connections.length, 0)
}

function counts(): number[] {
  return fakes.all.map(({ connections }) => connections.length)
}

/** A worker that thinks about every connection for ever. */
async function neverSays(): Promise<Taking['is']> {
  return await new Promise(() => undefined)
}

describe('a connection', () => {
  it('goes to the worker with the fewest, and among equals in turn', async () => {
    const first = await open()
    await connected(4)
    await open()
    await open()
    await connected(5)
    expect(counts()).toEqual([4, 3, 2])
    first.open -= 3
    first.channel.tell('connectionsEnded', { ...at, open: first.open })
    await settle()
    await connected(4)
    expect(counts()).toEqual([6, 4, 3])
  })

  it('that is behind one which a worker has left lie goes to another, as later ones do', async () => {
    const stuck = await open()
    stuck.says = neverSays
    const other = await open()
    for (let made = 0; made < 6; made += 1) await client()
    await until(() => given() === 4, 'those that are with workers')
    expect(counts()).toEqual([1, 3])
    clock.advance(250)
    await until(() => other.connections.length === 5, 'those behind the first')
    await connected(4)
    expect(counts()).toEqual([1, 9])
  })

  it('waits when every worker has left one lie, until one has not', async () => {
    const busy = await open()
    let answer: (is: Taking['is']) => void = () => undefined
    busy.says = async (socket) =>
      await new Promise((resolve) => {
        if (socket !== undefined) answer = resolve // And not of the question that comes behind it.
      })
    await connected(1)
    clock.advance(250)
    await settle()
    await client()
    busy.says = () => 'taken'
    expect(counts()).toEqual([1])
    answer('taken')
    await until(() => given() === 2, 'the second one')
  })

  it('that is lost on its way goes to another', async () => {
    const full = await open()
    full.says = async (socket) => (socket === undefined ? 'refused' : await neverSays())
    const other = await open()
    await connected(1)
    clock.advance(250)
    await until(() => other.connections.length === 1, 'the connection that was lost')
    await connected(2)
    expect(counts()).toEqual([1, 3])
    clock.advance(1_000)
    await connected(1)
    expect(counts()).toEqual([2, 3])
  })

  it('goes to another worker when the first one is gone, or has closed its door', async () => {
    const lost = await open()
    lost.says = neverSays
    const closed = await open()
    closed.says = () => 'closed'
    const heir = await open()
    await connected(1)
    await client()
    await until(() => heir.connections.length === 1, 'the connection that was given back')
    expect(counts()).toEqual([1, 1, 1])
    lost.end({ signal: 'SIGKILL' })
    await until(() => heir.connections.length === 2, 'the connection of the lost one')
  })

  it('is closed when the worker has no room for it', async () => {
    const worker = await open()
    worker.says = (socket) => {
      socket?.destroy()
      return 'refused'
    }
    const [refused] = await connected(1)
    await until(() => refused!.destroyed, 'the end')
    worker.says = () => 'taken'
    await open()
    await connected(2)
    expect(counts()).toEqual([2, 1])
  })

  it('about which a worker says nothing is not handed to another: it may have it', async () => {
    const silent = await open()
    silent.says = neverSays
    await open()
    await connected(1)
    await connected(1)
    expect(counts()).toEqual([1, 1])
    clock.advance(10_000)
    await connected(1)
    expect(given()).toBe(3)
    expect(counts()).toEqual([1, 2])
    silent.says = () => 'taken'
    clock.advance(10_000) // It is asked again and again, and answers now.
    await settle()
    await connected(3)
    expect(counts()[0]).toBeGreaterThan(1)
  })

  it('that comes when all workers are lost waits for the next one, for ten seconds', async () => {
    const lost = await open()
    lost.end({ signal: 'SIGKILL' })
    const tooEarly = await client()
    await until(() => clock.timers > 0, 'its place among those that wait')
    clock.advance(10_000)
    await until(() => tooEarly.destroyed, 'its end')
    await client()
    await until(() => clock.timers > 0, 'its place among those that wait')
    await open()
    await until(() => given() === 1, 'the connection with the new worker')
    expect(counts()).toEqual([0, 1])
  })

  it('is closed when more than 400 have no worker: the rest is for files and new workers', async () => {
    const lost = await open()
    lost.end({ signal: 'SIGKILL' })
    const all = await Promise.all(Array.from({ length: 410 }, client))
    await until(() => all.filter(({ destroyed }) => destroyed).length === 10, 'ten that are closed')
    await open()
    await until(() => given() === 400, 'the others with the new worker')
  })

  it('that is on its way when the last worker closes its door is closed at once', async () => {
    const worker = await open()
    let answer: (is: Taking['is']) => void = () => undefined
    worker.says = async () => await new Promise((resolve) => (answer = resolve))
    const [onItsWay] = await connected(1)
    const behind = await client()
    worker.channel.tell('closeDoor', at)
    await until(() => behind.destroyed, 'the end of the one behind')
    for (const socket of worker.connections) socket.destroy() // Its copy.
    answer('closed')
    await until(() => onItsWay!.destroyed, 'its end')
  })
})

describe('an address', () => {
  it('is given back when the last worker has closed its door, and not before', async () => {
    const [first, second] = [await open(), await open()]
    first.channel.tell('closeDoor', at)
    await settle()
    await connected(1)
    second.end({ signal: 'SIGKILL' })
    await client()
    const third = await open()
    third.channel.tell('closeDoor', at)
    await settle()
    const refused = connect(port, '127.0.0.1')
    const [fault] = (await once(refused, 'error')) as [NodeJS.ErrnoException]
    expect(fault.code).toBe('ECONNREFUSED')
    await open()
    await connected(1)
  })

  it('that somebody has is none for the workers, who may try again', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = `127.0.0.1:${String((other.address() as AddressInfo).port)}`
    const worker = await open()
    const attempt = async (): Promise<unknown> =>
      await worker.channel.ask('openDoor', { door: 'grpc', address }, 1)
    await expect(attempt()).rejects.toThrow('EADDRINUSE')
    other.close()
    await once(other, 'close')
    expect(await attempt()).toMatchObject({ address })
  })
})
