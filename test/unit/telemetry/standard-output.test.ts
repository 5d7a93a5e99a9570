/** Standard output holds decisions back until there are many, and what the process says of itself not at all. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Log, standardOutput } from '../../../src/telemetry/index.js'
import { testEvent, testRefusal } from '../../support/decisions.js'
import { until } from '../../support/until.js'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'scopegate-output-'))
  // The batch that time alone would write never comes.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(directory, { recursive: true })
})

it.each(['info', 'warn'] as const)('writes a line of %s with all before it', async (level) => {
  const path = join(directory, 'log')
  const fd = openSync(path, 'a')
  const output = standardOutput({ fd })
  const log = new Log({ level: 'info', allowSampleEvery: 0 }, output)
  const messages = (): readonly unknown[] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { readonly msg: unknown }).msg)

  log.decided(testEvent(testRefusal('expired')))
  expect(messages()).toEqual([])
  log[level]('listening')
  await until(() => messages().length > 0, 'lines in the file')
  expect(messages()).toEqual(['denied', 'listening'])

  log.decided(testEvent(testRefusal('expired')))
  output.flush()
  expect(messages()).toHaveLength(3)
  closeSync(fd)
})
