/**
 * A process: the cost of one warm check without any transport, from the bytes of a CheckRequest to the bytes of its
 * answer, with metrics. The handler is the very one that `serve` registers, taken from grpc-js as it is registered,
 * so the composition is the product's and no copy of it.
 * Arguments: configuration file, CheckRequest file, checks a round, rounds. Prints microseconds a check, by round.
 */
import { readFileSync } from 'node:fs'
import { Server } from '@grpc/grpc-js'
import { loadConfig } from '../../dist/config/index.js'
import { startGate } from '../../dist/server.js'

const [configFile, requestFile, ...numbers] = process.argv.slice(2)
const [checks, rounds] = numbers.map(Number)
const call = { request: readFileSync(requestFile), getDeadline: () => Number.POSITIVE_INFINITY }

let handleCheck
let serialize
const addService = Server.prototype.addService
Server.prototype.addService = function (definition, implementation) {
  handleCheck ??= implementation.Check
  serialize ??= definition.Check.responseSerialize
  addService.call(this, definition, implementation)
}
const gate = await startGate(await loadConfig(configFile), {
  version: 'bench',
  logDestination: { write: () => undefined },
})

const answer = await new Promise((resolve) => {
  handleCheck(call, (_error, value) => {
    resolve(Buffer.from(serialize(value)))
  })
})

let answered = 0
function count(_error, value) {
  if (serialize(value).length === answer.length) answered += 1
}
function round() {
  answered = 0
  const startedAt = performance.now()
  for (let i = 0; i < checks; i++) handleCheck(call, count)
  const us = ((performance.now() - startedAt) * 1_000) / checks
  // A check that had to wait, or another answer, would not have been counted.
  if (answered !== checks) throw new Error(`only ${String(answered)} of ${String(checks)} answered`)
  return us
}

round()
const usPerCheck = Array.from({ length: rounds }, round)
await gate.shutdown()
console.log(JSON.stringify({ usPerCheck }))
