/**
 * `make bench`: how many requests a second one core of the gate answers, beside a server that does nothing, and what else
 * a check costs. Takes about twelve minutes. `--quick` takes about three, `--only TEXT` measures what has it in its name, and
 * `--long` adds a soak of ten minutes. Only a run of everything publishes its figures.
 * Exit codes: 0 measured; 1 nothing was chosen, a call failed, or a scenario was not what it claims to be; 2 a tool or a core is missing.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { groups, startGroup } from './groups.mjs'
import { hasTools } from './h2load.mjs'
import { measureLatency } from './latency.mjs'
import { compare, spread, summarize } from './measure.mjs'
import { leaveServerCore } from './processes.mjs'
import { describeMachine, formatFigures, writeResults } from './report.mjs'
import { mainGroup, prepareFiles } from './scenarios.mjs'
import { measureAllocations, measureInProcess, measureMemory, soak } from './single-figures.mjs'
import { measureThroughEnvoy } from './through-envoy.mjs'

const {
  quick: isQuick,
  long: isLong,
  only,
} = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
}).values
const settings = {
  distinctTokens: 1_500,
  rememberedTokens: isQuick ? 5_000 : 100_000,
  ...(isQuick
    ? { generations: 1, rounds: 2, roundSeconds: 0.3, warmUpRequests: 12_000, soakMinutes: 2 }
    : { generations: 3, rounds: 4, roundSeconds: 0.35, warmUpRequests: 40_000, soakMinutes: 10 }),
  latency: { ratesPerSecond: [1_000, 3_000], seconds: isQuick ? 1 : 4, rounds: isQuick ? 1 : 2 },
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
const seen = new Map()
try {
  process.exitCode = await bench()
} finally {
  rmSync(directory, { recursive: true })
}

async function bench() {
  console.log(`bench: signing ${String(settings.distinctTokens)} access tokens`)
  const files = await prepareFiles(directory, settings.distinctTokens)
  for (let generation = 1; generation <= settings.generations; generation++) {
    console.log(`bench: servers ${String(generation)} of ${String(settings.generations)}`)
    await measureGroup(mainGroup, files)
  }
  for (const group of groups) await measureGroup(group, files)
  const { rounds, rememberedTokens: tokens, soakMinutes } = settings
  const results = {
    machine,
    settings: { ...settings, tokenLength: files.tokenLength, requestBytes: files.request.length },
    comparisons: [...seen].map(([name, { pairs, failures }]) => summarize(name, pairs, failures)),
    throughEnvoy: await part('behind Envoy', () => measureThroughEnvoy(files, settings)),
    latency: await part('time at a fixed rate', () => measureLatency(files, settings.latency)),
    inProcess: await part('in process', async () => {
      const { few, many } = await measureInProcess(files, rounds)
      return {
        usPerCheck: spread(few),
        usPerCheckOfManyRoutes: spread(many),
        bytesPerCheck: spread(await measureAllocations(files, rounds)),
      }
    }),
    memory: await part('memory', () => measureMemory(files, tokens)),
    soak: isLong ? await part('soak', () => soak(files, tokens, soakMinutes)) : undefined,
  }
  const figures = formatFigures(results)
  if (figures === '') {
    console.error(`bench: nothing that is measured has a name with ${only}`)
    return 1
  }
  console.log(`\n${figures}`)
  writeResults(results, { isPublished: !isQuick && only === '' })
  const failures = [...results.comparisons, results.throughEnvoy ?? { failures: 0 }].reduce(
    (sum, one) => sum + one.failures,
    0,
  )
  if (failures > 0) console.error(`bench: ${String(failures)} calls were not answered as expected`)
  return failures === 0 ? 0 : 1
}

/** What is measured by itself, unless it is not chosen. */
async function part(name, measure) {
  if (!name.includes(only)) return undefined
  console.log(`bench: ${name}`)
  return await measure()
}

/** Compares the chosen scenarios of a group, if there are any, with servers of their own. */
async function measureGroup(group, files) {
  if (!group.names.some((name) => name.includes(only))) return
  const { scenarios, stop } = await startGroup(group, files, settings)
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
}

/** Compares, and proves by the gate's own metrics that warm tokens were known and distinct ones were not. */
async function compareAsClaimed(scenario) {
  const { name, gate, mustNotCount } = scenario
  if (mustNotCount === undefined) return await compare(scenario, settings, printRound)
  const before = await gate.cacheCounts()
  const found = await compare(scenario, settings, printRound)
  const after = await gate.cacheCounts()
  const counted = after[mustNotCount] - before[mustNotCount]
  if (counted === 0) return found
  throw new Error(`${name}: ${String(counted)} ${mustNotCount} in the token cache`)
}

function printRound(name, { gate, noOp }) {
  const rate = ({ perSecond }) => Math.round(perSecond).toLocaleString('en-US').padStart(6)
  const ratio = (gate.perSecond / noOp.perSecond).toFixed(2)
  console.log(`  ${name.padEnd(36)} gate ${rate(gate)}  no-op ${rate(noOp)}  ratio ${ratio}`)
}
