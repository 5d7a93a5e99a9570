/** Worker processes that cannot be started: whoever waits for their end is told of it, and can start another one. */
import { afterEach, describe, expect, it } from 'vitest'
import { forkWorker } from '../../../src/cli/fork-worker.js'
import type { ProcessEnd } from '../../../src/workers/worker.js'

const { execPath } = process

afterEach(() => {
  process.execPath = execPath
})

describe('forkWorker', () => {
  it('says of a process that could not be started that it is gone', async () => {
    process.execPath = '/no/such/program'
    const worker = forkWorker(1)
    const end = await new Promise<ProcessEnd>((resolve) => {
      worker.onEnd(resolve)
    })
    expect(end).toEqual({ code: null, signal: null, fault: 'spawn /no/such/program ENOENT' })
    expect(worker.pid).toBeUndefined()
  })
})
