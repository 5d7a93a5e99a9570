/**
 * Runs the lanes named on the command line, one after the other, and closes with `N passed, N failed`.
 * A lane of vitest counts its tests, every other lane counts as one. All lanes run, also after one has failed.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'

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
let passed = 0
let failed = 0
const summary = []
for (const [index, lane] of chosen.entries()) {
  console.log(`\n[${index + 1}/${chosen.length}] ${lane}`)
  rmSync(`build/results/${lane}.json`, { force: true })
  const startedAt = performance.now()
  const { status } = spawnSync('npx', ['--no-install', ...lanes[lane]], {
    stdio: 'inherit',
    env: environment,
  })
  const [good, bad] = count(lane, lanes[lane], status === 0)
  passed += good
  failed += bad
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  summary.push(
    `${bad === 0 ? 'ok    ' : 'FAILED'} ${lane.padEnd(16)} ${String(good).padStart(5)} passed ${String(bad).padStart(3)} failed ${seconds.padStart(7)} s`,
  )
}
console.log(`\n${summary.join('\n')}\n`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
