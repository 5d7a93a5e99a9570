/**
 * A process: what one warm check without transport allocates, on V8's heap and outside of it. Nothing may be collected
 * between the two readings, or the difference would say too little; when something was, the process fails.
 * Arguments: configuration file, CheckRequest file, checks a round, rounds. Flags: `--expose-gc`, and
 * `--min-semi-space-size` and `--max-semi-space-size` large enough for a round. Prints bytes a check, by round.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { startInProcess } from './in-process-gate.mjs'

const [configFile, requestFile, ...numbers] = process.argv.slice(2)
const [checks, rounds] = numbers.map(Number)
const { check, shutdown } = await startInProcess(configFile, requestFile)
let collections = 0
const observer = new PerformanceObserver((list) => {
  collections += list.getEntries().length
})

// Compiled code allocates less than what is interpreted.
check(checks)
const bytesPerCheck = []
for (let round = 0; round < rounds; round++) bytesPerCheck.push(await measure())
await shutdown()
console.log(JSON.stringify({ bytesPerCheck }))

async function measure() {
  globalThis.gc()
  await turn() // What the collection above has to report is not ours.
  observer.observe({ entryTypes: ['gc'] })
  collections = 0
  const before = allocated()
  check(checks)
  const bytes = (allocated() - before) / checks
  await turn()
  observer.disconnect()
  if (collections > 0) throw new Error('the garbage collector ran within a round')
  return bytes
}

function allocated() {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Entries of an observer come a turn of the event loop later. */
async function turn() {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
}
