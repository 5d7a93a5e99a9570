/**
 * What a warm check costs beside the transports alone: node:http2 without gRPC's own code, and grpc-go, which is what a gate
 * in another language would stand on. Each is compared with the gate, and with the no-op grpc-js handler.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { startGateProcess } from './gate.mjs'
import { h2load } from './h2load.mjs'
import { run, startProgram, startServer } from './processes.mjs'
import { allows, expectedAnswer, script, startNoOp } from './servers.mjs'

const goFolder = fileURLToPath(new URL('grpc-go/', import.meta.url))
const names = {
  gateByBare: 'warm token, no-op: bare node:http2',
  bare: 'bare node:http2, no-op: grpc-js',
  gateByGo: 'warm token, no-op: grpc-go',
  go: 'grpc-go, no-op: grpc-js',
}

/** Gate and no-op handler beside the floors; without a Go toolchain, or its modules, without those of Go. */
export const floorGroup = { names: Object.values(names), start }

async function start({ file, request }, keep, { warmUpRequests }) {
  const gate = await keep(startGateProcess(file('warm.yaml'), file('floor-gate.log')))
  const answer = await expectedAnswer(gate, request, allows)
  const noOp = await keep(startNoOp(file, 'floor-no-op', answer))
  const answerFile = file('floor-no-op')
  const common = {
    answerLength: answer.length,
    warmUpRequests: warmUpRequests / 3,
    load: h2load(file('warm'), 2, 32),
  }
  const bare = await keep(
    startServer(script('bare-http2-server.mjs'), [answerFile], file('bare.log')),
  )
  const scenarios = [
    { ...common, name: names.gateByBare, gate, noOp: bare, mustNotCount: 'misses' },
    { ...common, name: names.bare, gate: bare, noOp },
  ]
  const program = await buildGoServer(file('grpc-go-no-op'))
  if (program === undefined) return scenarios
  const go = await keep(startProgram(program, [answerFile], file('grpc-go.log')))
  return [
    ...scenarios,
    { ...common, name: names.gateByGo, gate, noOp: go, mustNotCount: 'misses' },
    { ...common, name: names.go, gate: go, noOp },
  ]
}

/** Resolves to the path of the program, or undefined, after telling why, when it cannot be built here. */
async function buildGoServer(path) {
  if (spawnSync('go', ['version']).error !== undefined) {
    console.log('bench: there is no Go toolchain; grpc-go is left out')
    return undefined
  }
  try {
    await run('go', ['-C', goFolder, 'build', '-o', path, '.'])
    return path
  } catch (error) {
    console.log(`bench: grpc-go is left out, its modules are not to be had: ${String(error)}`)
    return undefined
  }
}
