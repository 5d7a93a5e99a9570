/**
 * How long the gate takes from the start of its process to listening: the bundle of the image and the unbundled dist/,
 * by turns, on a warm disk. `node test/bench/start-up.mjs [ROUNDS]`; needs dist/.
 * The goal is 400 ms for the bundle on an idle core. Processor time is printed too: on a machine that others use as well,
 * it says more than the clock.
 * Exit codes: 0 measured, 1 a gate did not listen.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createIssuer } from './access-tokens.mjs'
import { writeGateConfig } from './gate.mjs'

const rounds = Number(process.argv[2] ?? 15)
const goalMs = 400
const repository = fileURLToPath(new URL('../..', import.meta.url))
/** Node reads the certificates of this variable before anything else, which would be measured along. */
const { NODE_EXTRA_CA_CERTS: _extra, ...env } = process.env
const directory = mkdtempSync(join(tmpdir(), 'scopegate-start-'))
try {
  const tree = join(directory, 'app')
  execFileSync(process.execPath, [join(repository, 'deploy/image/assemble.mjs'), tree])
  const config = join(directory, 'scopegate.yaml')
  writeGateConfig(config, await createIssuer())
  const mains = {
    bundle: join(tree, 'dist/bundle/scopegate.mjs'),
    unbundled: join(repository, 'dist/main.js'),
  }
  const seen = { bundle: [], unbundled: [] }
  for (const main of Object.values(mains)) await start(main, config) // Warms the disk.
  for (let round = 0; round < rounds; round++) {
    for (const [name, main] of Object.entries(mains)) seen[name].push(await start(main, config))
  }
  for (const [name, starts] of Object.entries(seen)) {
    const clock = sorted(starts.map(({ wallMs }) => wallMs))
    const cpu = sorted(starts.map(({ cpuMs }) => cpuMs))
    const middle = Math.floor(rounds / 2)
    console.log(
      `start-up: ${name.padEnd(9)} to listening ${ms(clock[middle])} (least ${ms(clock[0])}, greatest ${ms(clock.at(-1))}), ` +
        `processor ${ms(cpu[middle])} (least ${ms(cpu[0])})`,
    )
  }
  const best = sorted(seen.bundle.map(({ wallMs }) => wallMs))[0]
  console.log(
    `start-up: goal ${ms(goalMs)} for the bundle: ${best < goalMs ? 'met' : 'not met'} by the best`,
  )
} finally {
  rmSync(directory, { recursive: true })
}

/** Starts a gate, waits until it listens, and ends it. */
async function start(main, config) {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [main, 'serve', '--config', config], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const seen = await new Promise((resolve, reject) => {
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
      if (!output.includes('"msg":"listening"')) return
      resolve({ wallMs: performance.now() - startedAt, cpuMs: processorMs(child.pid) })
    })
    child.once('exit', () => reject(new Error(`${main} ended: ${output}`)))
  })
  child.kill('SIGTERM')
  await ended
  return seen
}

/** Of all threads; proc(5): user and system time are fields 14 and 15, in hundredths of a second. */
function processorMs(pid) {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function sorted(values) {
  return values.toSorted((a, b) => a - b)
}

function ms(value) {
  return `${String(Math.round(value))} ms`
}
