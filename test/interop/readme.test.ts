/** The README is true: its commands are run beside a real demo, and print what it says. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blocksOf, runSteps, stepsOf } from '../support/document-blocks.js'
import { startRunningDemo, type RunningDemo } from '../support/running-demo.js'

const readme = readFileSync('README.md', 'utf8')
const blocks = blocksOf(readme, 'console').map(stepsOf)

let demo: RunningDemo
beforeAll(async () => {
  demo = await startRunningDemo('envoy')
})
afterAll(async () => {
  expect(await demo.stop()).toBe(0)
})

describe('the README', () => {
  it.each(blocks.map((block, index) => ({ block, index })))(
    'block $index does what it shows',
    ({ block }) => {
      runSteps(block, demo.withPorts)
    },
  )

  it('has blocks to run, and names only commands that make knows', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(4)
    for (const [, target = ''] of readme.matchAll(/^make ([a-z-]+)/gm)) {
      expect(spawnSync('make', ['-n', target]).status, target).toBe(0)
    }
  })
})
