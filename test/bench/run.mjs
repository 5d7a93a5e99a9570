/**
 * `make bench`: how many requests a second one core of the gate answers, beside a server that does nothing.
 * Takes about eight minutes. `--quick` takes less than one and `--only TEXT` runs the scenarios that have it in their
 * names; both leave the published page as it is.
 * Exit codes: 0 measured; 1 a call failed, or a scenario was not what it claims to be; 2 a tool or a core is missing.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { hasTools } from './h2load.mjs'
import { compare, spread, summarize } from './measure.mjs'
import { leaveServerCore } from './processes.mjs'
import {
  describeMachine,
  formatInProcess,
  formatMemory,
  formatTable,
  writeResults,
} from './report.mjs'
import { measureInProcess, measureMemory, prepareFiles, startScenarios } from './scenarios.mjs'

const { quick: isQuick, only } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
}).values
/** Connections, and calls at a time on each. */
const warmLoads = [
  [2, 32],
  [1, 100],
  [8, 8],
]
const settings = {
  distinctTokens: 1_500,
  rememberedTokens: isQuick ? 5_000 : 100_000,
  ...(isQuick
    ? { generations: 1, rounds: 4, roundSeconds: 0.3, warmUpRequests: 25_000 }
    : { generations: 3, rounds: 4, roundSeconds: 0.35, warmUpRequests: 45_000 }),
  warmLoads: isQuick ? warmLoads.slice(0, 1) : warmLoads,
}

if (!existsSync(new URL('../../dist/main.js', import.meta.url))) {
  console.error('bench: there is no dist/; make it with: npm run build')
  process.exit(2)
}
if (!hasTools()) process.exit(2)
if (availableParallelism() < 2) {
  console.error('bench: two cores are needed, one for the servers and one for the load')
  process.exit(2)
}
leaveServerCore()
const machine = describeMachine()
const directory = mkdtempSync(join(tmpdir(), 'scopegate-bench-'))
try {
  process.exitCode = await bench()
} finally {
  rmSync(directory, { recursive: true })
}

async function bench() {
  console.log(`bench: signing ${String(settings.distinctTokens)} access tokens`)
  const files = await prepareFiles(directory, settings.distinctTokens)
  const seen = new Map()
  const usPerCheck = []
  for (let generation = 1; generation <= settings.generations; generation++) {
    console.log(`bench: servers ${String(generation)} of ${String(settings.generations)}`)
    const { scenarios, stop } = await startScenarios(files, settings)
    try {
      for (const scenario of scenarios.filter(({ name }) => name.includes(only))) {
        const { kept, failures } = await compareAsClaimed(scenario)
        const before = seen.get(scenario.name) ?? { pairs: [], failures: 0 }
        seen.set(scenario.name, {
          pairs: [...before.pairs, ...kept],
          failures: before.failures + failures,
        })
      }
    } finally {
      await stop()
    }
    usPerCheck.push(...(await measureInProcess(files, settings.rounds)))
  }
  console.log(`bench: memory of ${String(settings.rememberedTokens)} tokens`)
  const memory = await measureMemory(directory, settings.rememberedTokens)
  const results = {
    machine,
    settings: {
      ...settings,
      tokenLength: files.tokenLength,
      requestBytes: files.request.length,
    },
    comparisons: [...seen].map(([name, { pairs, failures }]) => summarize(name, pairs, failures)),
    inProcess: { usPerCheck: spread(usPerCheck) },
    memory,
  }
  console.log(
    `\n${formatTable(results.comparisons)}\n\n${formatInProcess(results.inProcess)}\n\n${formatMemory(memory)}`,
  )
  writeResults(results, { isPublished: !isQuick && only === '' })
  const failures = results.comparisons.reduce((sum, one) => sum + one.failures, 0)
  if (failures > 0) console.error(`bench: ${String(failures)} calls were not answered as expected`)
  return failures === 0 ? 0 : 1
}

/** Compares, and proves by the gate's own metrics that warm tokens were known and distinct ones were not. */
async function compareAsClaimed(scenario) {
  const { name, gate, mustNotCount } = scenario
  const before = await gate.cacheCounts()
  const seen = await compare(scenario, settings, printRound)
  const after = await gate.cacheCounts()
  const counted = mustNotCount === undefined ? 0 : after[mustNotCount] - before[mustNotCount]
  if (counted === 0) return seen
  throw new Error(`${name}: ${String(counted)} ${mustNotCount} in the token cache`)
}

function printRound(name, { gate, noOp }) {
  const rate = ({ perSecond }) => Math.round(perSecond).toLocaleString('en-US').padStart(6)
  const ratio = (gate.perSecond / noOp.perSecond).toFixed(2)
  console.log(`  ${name.padEnd(28)} gate ${rate(gate)}  no-op ${rate(noOp)}  ratio ${ratio}`)
}
