/**
 * Runs the lanes named on the command line, and closes with `N passed, N failed`.
 *
 * The rules are:
 *   - a lane of vitest counts its tests, every other lane counts as one; all lanes run, also after one has failed;
 *   - lanes without a clock in them, named one behind the other, run side by side, one a core, the first named first; a
 *     lane that tests what happens in time has the machine for itself;
 *   - the output of a lane is never mixed with that of another one.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'

const log = 'build/test-log.jsonl'
const lanes = {
  format: ['prettier', '--check', '--log-level', 'warn', '.'],
  lint: ['eslint', '--max-warnings=0', '.'],
  types: ['tsc', '--noEmit', '-p', 'test'],
  borders: ['depcruise', 'src', '--config', '.dependency-cruiser.mjs', '--output-type', 'err'],
  'dead-code': ['knip', '--no-progress', '--no-config-hints'],
  unit: vitest('unit'),
  manifests: vitest('manifests'),
  interop: vitest('interop'),
  'no-token-logged': [
    'vitest',
    'run',
    '--config',
    'test/log/vitest.config.ts',
    ...reporters('no-token-logged'),
  ],
}

/** Nothing in them waits, or cares how long it takes. */
const clockless = new Set(['format', 'lint', 'types', 'borders', 'dead-code'])

function vitest(project) {
  return ['vitest', 'run', '--project', project, ...reporters(project)]
}

function reporters(lane) {
  return ['--reporter=dot', '--reporter=json', `--outputFile.json=build/results/${lane}.json`]
}

function count(lane, command, succeeded) {
  if (command[0] !== 'vitest') return succeeded ? [1, 0] : [0, 1]
  try {
    const results = JSON.parse(readFileSync(`build/results/${lane}.json`, 'utf8'))
    const failed =
      results.numFailedTests +
      results.testResults.filter(
        (file) => file.status === 'failed' && file.assertionResults.length === 0,
      ).length
    return [results.numPassedTests, succeeded ? failed : Math.max(failed, 1)]
  } catch {
    return [0, 1]
  }
}

const chosen = process.argv.slice(2)
const unknown = chosen.filter((lane) => !Object.hasOwn(lanes, lane))
if (chosen.length === 0 || unknown.length > 0) {
  console.error(`lanes: ${Object.keys(lanes).join(' ')}`)
  process.exit(2)
}

mkdirSync('build/results', { recursive: true })
if (chosen.includes('unit')) rmSync(log, { force: true })
const environment = { ...process.env, SCOPEGATE_TEST_LOG: log, NO_COLOR: '1' }
const summaries = new Map()
let passed = 0
let failed = 0

/** The chosen lanes, those together that may run beside each other. */
function stages() {
  const found = []
  for (const lane of chosen) {
    const last = found.at(-1)
    if (clockless.has(lane) && clockless.has(last?.[0])) last.push(lane)
    else found.push([lane])
  }
  return found
}

/** Runs a lane. Alone it writes as it goes; beside others its output is held back until it can be shown in one piece. */
async function run(lane, isAlone) {
  const title = `[${chosen.indexOf(lane) + 1}/${chosen.length}] ${lane}`
  if (isAlone) console.log(`\n${title}`)
  rmSync(`build/results/${lane}.json`, { force: true })
  const startedAt = performance.now()
  const child = spawn('npx', ['--no-install', ...lanes[lane]], {
    stdio: isAlone ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env: environment,
  })
  const pieces = []
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (bytes) => pieces.push(bytes))
  const succeeded = await new Promise((resolve) => {
    child.once('error', (fault) => {
      pieces.push(Buffer.from(`${fault.message}\n`))
      resolve(false)
    })
    child.once('close', (code) => {
      resolve(code === 0)
    })
  })
  const [good, bad] = count(lane, lanes[lane], succeeded)
  passed += good
  failed += bad
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const outcome = bad === 0 ? 'ok' : 'FAILED'
  const held = Buffer.concat(pieces).toString().trimEnd()
  if (!isAlone) console.log(`\n${title}: ${outcome}, ${seconds} s`)
  if (held !== '') console.log(held)
  summaries.set(
    lane,
    `${outcome.padEnd(6)} ${lane.padEnd(16)} ${String(good).padStart(5)} passed ${String(bad).padStart(3)} failed ${seconds.padStart(7)} s`,
  )
}

for (const stage of stages()) {
  if (stage.length > 1) console.log(`\nside by side: ${stage.join(', ')}`)
  const waiting = [...stage]
  async function work() {
    for (let lane = waiting.shift(); lane !== undefined; lane = waiting.shift()) {
      await run(lane, stage.length === 1)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
}
console.log(`\n${chosen.map((lane) => summaries.get(lane)).join('\n')}\n`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
