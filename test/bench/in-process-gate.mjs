/**
 * A gate in this process, asked without any transport: from the bytes of a CheckRequest to the bytes of its answer, with
 * metrics. The handler is the very one that `serve` registers, taken from grpc-js as it is registered, so the composition
 * is the product's and no copy of it; the lane of checks calls the same one.
 */
import { readFileSync } from 'node:fs'
import { Server } from '@grpc/grpc-js'
import { loadConfig } from '../../dist/config/index.js'
import { startGate } from '../../dist/server.js'

/**
 * Starts the gate and asks it once. `check(count)` asks so many times and throws unless every one was answered at once
 * and with as many bytes as the first.
 */
export async function startInProcess(configFile, requestFile) {
  const call = { request: readFileSync(requestFile), getDeadline: () => Number.POSITIVE_INFINITY }
  let handleCheck
  let serialize
  const addService = Server.prototype.addService
  // A gate registers it when it listens already: grpc-js is not there before (ADR 0029).
  const registered = new Promise((resolve) => {
    Server.prototype.addService = function (definition, implementation) {
      handleCheck ??= implementation.Check
      serialize ??= definition.Check?.responseSerialize
      addService.call(this, definition, implementation)
      if (handleCheck !== undefined) resolve()
    }
  })
  const gate = await startGate(await loadConfig(configFile), {
    cores: 1,
    version: 'bench',
    logDestination: { write: () => undefined },
  })
  await registered
  const answer = await new Promise((resolve) => {
    handleCheck(call, (_error, value) => {
      resolve(Buffer.from(serialize(value)))
    })
  })
  let answered = 0
  function count(_error, value) {
    if (serialize(value).length === answer.length) answered += 1
  }
  function check(checks) {
    answered = 0
    for (let i = 0; i < checks; i++) handleCheck(call, count)
    // A check that had to wait, or another answer, would not have been counted.
    if (answered === checks) return
    throw new Error(`only ${String(answered)} of ${String(checks)} answered`)
  }
  return { check, shutdown: gate.shutdown }
}
