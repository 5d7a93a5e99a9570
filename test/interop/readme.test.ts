/**
 * The README does what it says: its console blocks are run against a running demo, and what they print must hold the
 * lines that the README shows, in their order. `…` stands for lines or text that are not shown.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePorts } from '../support/free-ports.js'
import { until } from '../support/until.js'

const demoPorts = {
  DEMO_PROXY_PORT: '8000',
  DEMO_ISSUER_PORT: '9400',
  DEMO_GATE_PORT: '50051',
  DEMO_GATE_ADMIN_PORT: '8081',
  DEMO_UPSTREAM_PORT: '8002',
  DEMO_PROXY_ADMIN_PORT: '9901',
  DEMO_GATE_HTTP_PORT: '8080',
}

interface Step {
  readonly command: string
  readonly expected: readonly string[]
}

const readme = readFileSync('README.md', 'utf8')
const blocks = [...readme.matchAll(/```console\n([^`]+)```/g)].map(([, block = '']) => steps(block))

function steps(block: string): readonly Step[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [command = '', ...expected] = text.trimEnd().split('\n')
      return { command, expected }
    })
}

let demo: ChildProcess
let ports: readonly number[]
let output = ''

beforeAll(async () => {
  ports = await freePorts(Object.keys(demoPorts).length)
  const environment = Object.fromEntries(
    Object.keys(demoPorts).map((name, index) => [name, String(ports[index])]),
  )
  demo = spawn(process.execPath, ['deploy/demo/run.mjs'], {
    env: { ...process.env, ...environment },
  })
  demo.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  await until(() => output.includes('Ctrl-C') || demo.exitCode !== null, 'the demo', 60_000)
})

afterAll(async () => {
  const ended = once(demo, 'exit')
  demo.kill('SIGINT')
  expect(await ended).toEqual([0, null])
})

/** The text with the demo's own ports in place of the README's. */
function withPorts(text: string): string {
  return Object.values(demoPorts).reduce(
    (result, port, index) => result.replaceAll(`:${port}`, `:${String(ports[index])}`),
    text,
  )
}

function matches(shown: string, printed: string): boolean {
  const pattern = shown.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${pattern.join('.*')}$`).test(printed)
}

describe('the README', () => {
  it.each(blocks.map((block, index) => ({ block, index })))(
    'block $index does what it shows',
    ({ block }) => {
      let assignments = ''
      for (const { command, expected } of block) {
        const script = `${assignments}${withPorts(command)}`
        const { stdout, status } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
        expect(status, command).toBe(0)
        const printed = stdout.split(/\r?\n/)
        let from = 0
        for (const line of expected.filter((text) => text !== '…')) {
          const at = printed.findIndex((text, place) => place >= from && matches(line, text))
          expect(at, `"${line}" in the output of: ${command}\n${stdout}`).toBeGreaterThanOrEqual(0)
          from = at + 1
        }
        if (/^[A-Z]+=/.test(command)) assignments += `${withPorts(command)}\n`
      }
    },
  )

  it('has blocks to run, and names only commands that make knows', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(4)
    for (const [, target = ''] of readme.matchAll(/^make ([a-z-]+)/gm)) {
      expect(spawnSync('make', ['-n', target]).status, target).toBe(0)
    }
  })
})
