/**
 * Two workers beside one process: checks per second of processor time, in turns. `node test/bench/workers.mjs [rounds]`
 *
 * What it says: a second core brings at most as much more as it works for the same checks at the same price, and half of
 * the work each. The load generator needs cores too: with four or more, four threads of load ask two workers, and the
 * rates can be compared as they are; with two, only the price and the shares can.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createIssuer } from './access-tokens.mjs'
import { encodeCheckRequest, frame } from './check-call.mjs'
import { writeGateConfig } from './gate.mjs'
import { h2load, hasTools } from './h2load.mjs'

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const connections = 8
const streams = 10
const requests = 40_000
const tickMs = 10

if (!hasTools()) process.exit(1)
const rounds = Number(process.argv[2] ?? 5)
const directory = mkdtempSync(join(tmpdir(), 'scopegate-bench-'))
const gates = []
try {
  const issuer = await createIssuer()
  const [token] = await issuer.sign(1)
  writeGateConfig(join(directory, 'gate.yaml'), issuer)
  writeFileSync(join(directory, 'body'), frame(encodeCheckRequest(token)))
  const load = h2load(join(directory, 'body'), connections, streams)
  const one = await startGate('1')
  const two = await startGate('2')
  for (const gate of [one, two]) await load(gate.grpc, requests)
  const results = []
  for (let round = 0; round < rounds; round += 1) {
    results.push({ one: await measure(one, load), two: await measure(two, load) })
  }
  report(results)
} finally {
  await Promise.all(gates.map((gate) => gate.stop()))
  rmSync(directory, { recursive: true })
}

async function startGate(workers) {
  const args = ['serve', '--config', join(directory, 'gate.yaml'), '--workers', workers]
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text))
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
  }
  gates.push({ stop })
  const listening = () => output.split('\n').filter((line) => line.includes('"msg":"listening"'))
  while (listening().length < Number(workers)) await new Promise((wake) => setTimeout(wake, 50))
  return { ...JSON.parse(listening()[0]), pid: child.pid }
}

/** Processor time of a process and of those that it started, each for itself. */
function cpuMs(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return [pid, ...children.split(' ').filter(Boolean)].map((id) => {
    const stat = readFileSync(`/proc/${id}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * tickMs
  })
}

async function measure({ grpc, pid }, load) {
  const before = cpuMs(pid)
  const { perSecond, failures } = await load(grpc, requests)
  if (failures > 0) throw new Error(`${failures} checks failed`)
  const used = cpuMs(pid).map((ms, at) => ms - before[at])
  const all = used.reduce((a, b) => a + b, 0)
  // The busiest worker is the first to have no more to give.
  const busiest = Math.max(...used)
  return { perSecond, perCpuSecond: (requests * 1_000) / all, busiestShare: busiest / all }
}

function report(results) {
  const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]
  const of = (value) => median(results.map(value))
  const price = of(({ one, two }) => two.perCpuSecond / one.perCpuSecond)
  const share = of(({ two }) => two.busiestShare)
  console.log(`cores ${availableParallelism()}, node ${process.version}, ${rounds} rounds, medians`)
  console.log(`one process  ${Math.round(of(({ one }) => one.perCpuSecond))} checks/CPU-s`)
  console.log(`two workers  ${Math.round(of(({ two }) => two.perCpuSecond))} checks/CPU-s`)
  console.log(`a check of two workers costs ${(1 / price).toFixed(2)} times as much processor time`)
  console.log(`the busiest process did ${(share * 100).toFixed(0)} % of the work`)
  console.log(`so two free cores bring ${(price / share).toFixed(2)} times one`)
  console.log(
    `rates on this machine: ${of(({ two, one }) => two.perSecond / one.perSecond).toFixed(2)} times one`,
  )
}
