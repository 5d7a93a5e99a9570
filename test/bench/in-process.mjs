/**
 * A process: the time of one warm check without transport (in-process-gate.mjs).
 * Arguments: configuration file, CheckRequest file, checks a round, rounds. Prints microseconds a check, by round.
 */
import { startInProcess } from './in-process-gate.mjs'

const [configFile, requestFile, ...numbers] = process.argv.slice(2)
const [checks, rounds] = numbers.map(Number)
const { check, shutdown } = await startInProcess(configFile, requestFile)

function round() {
  const startedAt = performance.now()
  check(checks)
  return ((performance.now() - startedAt) * 1_000) / checks
}

round()
const usPerCheck = Array.from({ length: rounds }, round)
await shutdown()
console.log(JSON.stringify({ usPerCheck }))
