/** Workers are kept alive, told the same, and replaced; with processes and time of the test's making. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { WorkerPool } from '../../../src/workers/index.js'
import { workersAdminSources, workersRevocationPage } from '../../../src/workers/workers-admin.js'
import { WorkerMetrics } from '../../../src/telemetry/index.js'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.js'
import { createFakeWorkers, type FakeWorker } from '../../support/fake-workers.js'
import { revocation } from '../../support/revocations.js'

let clock: FakeClock
let workers: ReturnType<typeof createFakeWorkers>
let pool: WorkerPool
const noted = vi.fn()
const restarted = vi.fn()

beforeEach(() => {
  vi.resetAllMocks()
  clock = createFakeClock()
  workers = createFakeWorkers()
  pool = new WorkerPool(
    { wanted: 2, admin: () => '127.0.0.1:1', maxRevocations: 2, texts: new Map([['a', 'text']]) },
    { clock, fork: workers.fork, noted, restarted, ended: () => undefined },
  )
})

/** Lets everything happen that is on its way. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}

function worker(number: number): FakeWorker {
  const found = workers.all[number - 1]
  if (found === undefined) throw new Error(`no worker ${String(number)}`)
  return found
}

async function attach(number: number): Promise<readonly unknown[]> {
  const { revocations } = await worker(number).channel.ask('attach', undefined, 1)
  return revocations
}

async function serveWith(...numbers: number[]): Promise<void> {
  for (const number of numbers) {
    await attach(number)
    await worker(number).channel.ask('listening', undefined, 1)
    await worker(number).channel.ask('ready', true, 1)
  }
}

async function startTwo(): Promise<void> {
  pool.start()
  await serveWith(1, 2)
}

describe('a first start', () => {
  it('starts as many as there should be', async () => {
    await startTwo()
    expect(pool.counts()).toEqual({ wanted: 2, ready: 2, starting: 0, ending: 0 })
    expect(restarted).not.toHaveBeenCalled()
  })

  it('fails with what the first worker says that cannot start, and leaves none', async () => {
    pool.start()
    await worker(1).channel.ask('failed', { lines: ['no port'], exitCode: 78 }, 1)
    worker(1).end({ code: 78 })
    expect(await pool.ended).toEqual({ lines: ['no port'], exitCode: 78 })
    expect(worker(2).isGone).toBe(true)
  })

  it('opens the doors without keys when nobody has them in two seconds', async () => {
    pool.start()
    await attach(1)
    clock.advance(1_999)
    await settle()
    expect(worker(1).asked).toEqual([])
    clock.advance(1)
    await settle()
    expect(worker(1).asked).toEqual(['open'])
  })
})

describe('a worker that is lost', () => {
  it('is replaced at once, and its successor stays closed while the other one serves', async () => {
    await startTwo()
    worker(1).end({ signal: 'SIGKILL' })
    await settle()
    expect(workers.all.length).toBe(3)
    expect(restarted.mock.calls).toEqual([['crash']])
    await attach(3)
    clock.advance(60_000)
    await settle()
    expect(worker(3).asked).toEqual([])
    worker(2).end()
    await settle()
    expect(worker(3).asked).toEqual(['open'])
  })

  it('again and again is replaced after pauses that grow to five seconds, while others serve', async () => {
    await startTwo()
    const pauses: number[] = []
    for (let count = 0; count < 12; count += 1) {
      const before = workers.all.length
      worker(before === 2 ? 1 : before).end()
      await settle()
      let waited = 0
      for (; workers.all.length === before; waited += 100) {
        clock.advance(100)
        await settle()
      }
      pauses.push(waited)
    }
    expect(pauses).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 5_000, 5_000])
    worker(workers.all.length).end()
    await settle()
    expect(worker(2).isGone).toBe(false)
  })

  it('after ten seconds of service does not count as one of a loop', async () => {
    await startTwo()
    for (let last = 2; last < 20; last += 1) {
      clock.advance(10_000)
      worker(last).end()
      await settle()
      expect(workers.all.length).toBe(last + 1)
      await serveWith(last + 1)
    }
  })

  it('for the tenth time in a row, and nobody serves, ends the gate with 1', async () => {
    await startTwo()
    const ended = vi.fn()
    void pool.ended.then(ended)
    worker(1).end()
    worker(2).end()
    for (let lost = 3; lost <= 10; lost += 1) {
      await settle()
      clock.advance(5_000)
      expect(ended).not.toHaveBeenCalled()
      worker(lost).end()
    }
    await settle()
    expect(ended.mock.calls).toEqual([
      [{ lines: ['scopegate: 10 workers in a row were lost'], exitCode: 1 }],
    ])
  })
})

describe('a rolling restart', () => {
  it('ends a worker when the next one is ready, one after the other', async () => {
    await startTwo()
    const done = pool.restart()
    await settle()
    expect(workers.all.length).toBe(3)
    await attach(3)
    await settle()
    expect(worker(1).asked).toEqual([])
    await serveWith(3)
    await settle()
    expect(worker(1).asked).toEqual(['retire'])
    expect(workers.all.length).toBe(4)
    await serveWith(4)
    await done
    expect(worker(2).asked).toEqual(['retire'])
    expect(pool.counts()).toEqual({ wanted: 2, ready: 2, starting: 0, ending: 0 })
    expect(restarted.mock.calls).toEqual([['rolling'], ['rolling']])
  })

  it('ends early when the new worker does not get ready, and the old ones serve on', async () => {
    await startTwo()
    const done = pool.restart()
    await settle()
    clock.advance(30_000)
    await done
    await settle()
    expect(worker(3).isGone).toBe(true)
    expect(pool.counts()).toEqual({ wanted: 2, ready: 2, starting: 0, ending: 0 })
    expect(workers.all.length).toBe(3)
  })
})

describe('a revocation', () => {
  it('is answered when every other worker has it, and handed to later ones', async () => {
    await startTwo()
    const told = revocation({ untilMs: clock.wallMs() + 60_000 })
    await worker(1).channel.ask('revoked', told, 1)
    expect([worker(1).taken, worker(2).taken]).toEqual([[], [told]])
    worker(2).end()
    await settle()
    expect(await attach(3)).toEqual([told])
  })

  it('is not answered with success while a worker does not say that it has it', async () => {
    await startTwo()
    const { asked } = worker(2)
    worker(2).taken.push = () => {
      throw new Error('no room')
    }
    const told = revocation({ untilMs: clock.wallMs() + 60_000 })
    await expect(worker(1).channel.ask('revoked', told, 1)).rejects.toThrow('no room')
    expect(asked).toEqual([])
  })

  it('does not wait for a worker that is lost meanwhile', async () => {
    await startTwo()
    worker(2).taken.push = () => {
      worker(2).end()
      throw new Error('gone')
    }
    const told = revocation({ untilMs: clock.wallMs() + 60_000 })
    await expect(worker(1).channel.ask('revoked', told, 1)).resolves.toBe(undefined)
  })
})

describe('an end', () => {
  it('is told to all, and is good when all ended well', async () => {
    await startTwo()
    expect(await pool.shutdown()).toBe(0)
    expect([worker(1).asked, worker(2).asked]).toEqual([['shutdown'], ['shutdown']])
    expect(workers.all.length).toBe(2)
  })

  it('kills who takes longer than it said', async () => {
    await startTwo()
    worker(1).isStubborn = true
    const code = pool.shutdown()
    await settle()
    clock.advance(5_999) // It said one second, and gets five more.
    expect(worker(1).isGone).toBe(false)
    clock.advance(1)
    expect(worker(1).isGone).toBe(true)
    expect(await code).toBe(1)
  })
})

describe('a reload', () => {
  it('reaches every worker', async () => {
    await startTwo()
    pool.reload()
    await settle()
    expect([worker(1).asked, worker(2).asked]).toEqual([['reload'], ['reload']])
  })

  it('leaves the texts that can be used to later workers', async () => {
    await startTwo()
    expect(await worker(1).channel.ask('lastGood', undefined, 1)).toEqual(new Map([['a', 'text']]))
    await worker(1).channel.ask('loaded', new Map([['a', 'other']]), 1)
    expect(await worker(2).channel.ask('lastGood', undefined, 1)).toEqual(new Map([['a', 'other']]))
  })
})

describe('the admin port', () => {
  const metrics = new WorkerMetrics(() => pool.counts())

  it('says ready while one worker is', async () => {
    await startTwo()
    const { readiness } = workersAdminSources(pool, metrics)
    expect(await readiness.report()).toEqual({
      ready: true,
      components: {
        workers: { ready: true, detail: '2 of 2 are ready' },
        'issuer:main': { ready: true },
      },
    })
    worker(1).end()
    worker(2).end()
    await settle()
    expect(await readiness.report()).toEqual({
      ready: false,
      components: { workers: { ready: false, detail: '0 of 2 are ready' } },
    })
  })

  it('asks the oldest ready worker for the pages of one', async () => {
    await startTwo()
    await worker(1).channel.ask('ready', false, 1)
    const { issuers } = workersAdminSources(pool, metrics)
    expect(await issuers()).toEqual([{ id: 'of worker 2' }])
    const page = workersRevocationPage(pool)
    const question = { method: 'POST', authorization: undefined, body: async () => Buffer.from('') }
    expect(await page.answer(question)).toMatchObject({ status: 201, body: { number: 2 } })
    worker(1).end()
    worker(2).end()
    await settle()
    expect(await page.answer(question)).toMatchObject({ status: 503 })
  })
})
