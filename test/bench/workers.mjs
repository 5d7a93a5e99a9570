/**
 * `make bench-workers`: two workers on two cores beside one process on one core, and beside two gates that have nothing to do with each
 * other, each on a core of its own, in turns. Each core has a load generator of its own, so that all have the same to
 * work with. Prints how many times as many checks two cores answer, with their load, and how many of what two gates do: on
 * a machine that is shared, two cores do not give twice what one gives, and that is what they give to anybody.
 * `node test/bench/workers.mjs [rounds]`, about half a minute.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createIssuer } from './access-tokens.mjs'
import { encodeCheckRequest, frame } from './check-call.mjs'
import { writeGateConfig } from './gate.mjs'
import { h2load, hasTools } from './h2load.mjs'
import { spread } from './measure.mjs'
import { cpuMs, listeningLines, startProgram } from './processes.mjs'

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const cores = [0, 1]
/** Of each load generator. */
const connections = 4
const streams = 10
const requests = 30_000

if (!hasTools()) process.exit(1)
const rounds = Number(process.argv[2] ?? 5)
const directory = mkdtempSync(join(tmpdir(), 'scopegate-bench-'))
const gates = []
try {
  const issuer = await createIssuer()
  const [token] = await issuer.sign(1)
  writeGateConfig(join(directory, 'gate.yaml'), issuer)
  writeFileSync(join(directory, 'body'), frame(encodeCheckRequest(token)))
  const loads = cores.map((core) => h2load(join(directory, 'body'), connections, streams, { core }))
  const [one, other] = [await startGate([0]), await startGate([1])]
  const two = await startGate(cores)
  /** Which gate each load asks. */
  const ways = { one: [one], two: [two, two], apart: [one, other] }
  const measureWay = async (name) => await measure(ways[name], loads)
  for (const name of Object.keys(ways)) await measureWay(name)
  const results = []
  for (let round = 0; round < rounds; round += 1) {
    const result = {}
    for (const name of Object.keys(ways)) result[name] = await measureWay(name)
    results.push(result)
  }
  report(results)
} finally {
  await Promise.all(gates.map((gate) => gate.stop()))
  rmSync(directory, { recursive: true })
}

async function startGate(on) {
  const args = ['serve', '--config', join(directory, 'gate.yaml'), '--workers', String(on.length)]
  const findReady = (text) => {
    const lines = listeningLines(text)
    return lines.length < on.length ? undefined : lines[0]
  }
  const log = join(directory, `gate-${on.join('-')}.log`)
  const gate = await startProgram(process.execPath, [main, ...args], log, findReady, on)
  gates.push(gate)
  return gate
}

/** Processor time of a process and of those that it started, each for itself. */
function cpuMsOfEach(pid) {
  const children = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
  return [pid, ...children.split(' ').filter(Boolean)].map(cpuMs)
}

async function measure(asked, loads) {
  const pids = [...new Set(asked)].map(({ pid }) => pid)
  const before = pids.flatMap(cpuMsOfEach)
  const answered = await Promise.all(
    asked.map(async ({ grpc }, at) => await loads[at](grpc, requests)),
  )
  const failures = answered.reduce((sum, one) => sum + one.failures, 0)
  if (failures > 0) throw new Error(`${String(failures)} checks failed`)
  const used = pids.flatMap(cpuMsOfEach).map((ms, at) => ms - before[at])
  const all = used.reduce((sum, ms) => sum + ms, 0)
  return {
    perSecond: answered.reduce((sum, one) => sum + one.perSecond, 0),
    usPerCheck: (all * 1_000) / (requests * asked.length),
    busiestShare: Math.max(...used) / all,
  }
}

function report(results) {
  const of = (value, digits) => {
    const { median, min, max } = spread(results.map(value))
    return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`
  }
  console.log(`node ${process.version}, ${String(rounds)} rounds, medians (least to most)`)
  for (const [name, text] of [
    ['one', 'one process, one core'],
    ['two', 'two workers, two cores'],
    ['apart', 'two gates, a core each'],
  ]) {
    const perSecond = of((round) => round[name].perSecond, 0)
    const price = of((round) => round[name].usPerCheck, 1)
    console.log(`${text.padEnd(22)}  ${perSecond} checks/s, ${price} µs each`)
  }
  console.log(
    `two workers by one process  ${of(({ one, two }) => two.perSecond / one.perSecond, 2)}`,
  )
  console.log(
    `two gates by one            ${of(({ one, apart }) => apart.perSecond / one.perSecond, 2)}`,
  )
  console.log(
    `two workers by two gates    ${of(({ two, apart }) => two.perSecond / apart.perSecond, 2)}`,
  )
  console.log(`work of the busier worker   ${of(({ two }) => two.busiestShare, 2)}`)
}
