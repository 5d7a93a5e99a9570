/**
 * `make bench-flood`: what a flood of made-up tokens does to those who have good ones. Good traffic of a known token comes
 * at a fifth of what the gate can answer; the flood brings distinct tokens with a key that exists and a signature that does
 * not fit, at multiples of what the gate can verify. Quiet and flooded rounds take turns. Takes a minute.
 * Exit codes: 0 measured; 1 an answer was not what it had to be; 2 a tool is missing.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIssuer } from './access-tokens.mjs'
import { callOnce, encodeCheckRequest, frame } from './check-call.mjs'
import { startGateProcess, writeGateConfig } from './gate.mjs'
import { spread } from './measure.mjs'
import { leaveServerCore } from './processes.mjs'
import { startClient } from './servers.mjs'

const rounds = 5
const seconds = 2.5
/** Until connections are made, times do not count. */
const settleSeconds = 0.5
const goodShare = 0.2
const floods = [0.5, 1, 2]

if (!existsSync(new URL('../../dist/main.js', import.meta.url))) {
  console.error('bench: there is no dist/; make it with: npm run build')
  process.exit(2)
}
leaveServerCore()
const directory = mkdtempSync(join(tmpdir(), 'scopegate-flood-'))
const stops = []
try {
  process.exitCode = await bench()
} finally {
  await Promise.all(stops.map(async (stop) => await stop()))
  rmSync(directory, { recursive: true })
}

async function bench() {
  const file = (name) => join(directory, name)
  const issuer = await createIssuer()
  const [token] = await issuer.sign(1)
  const request = encodeCheckRequest(token)
  const framed = frame(request)
  writeFileSync(file('frame'), framed)
  writeGateConfig(file('gate.yaml'), issuer)
  const gate = await startGateProcess(file('gate.yaml'), file('gate.log'))
  stops.push(gate.stop)
  await callOnce(gate.grpc, request)
  const good = await startLoad([file('frame')])
  // Inside the signature, which ends the token.
  const made = await startLoad([file('frame'), String(framed.indexOf(token) + token.length - 40)])
  const address = gate.grpc

  for (const load of [good, made]) await load({ address, seconds, atOnce: 32 })
  const warm = await good({ address, seconds, atOnce: 32 })
  const cold = await made({ address, seconds, atOnce: 32 })
  console.log(`known tokens ${whole(warm.perSecond)}/s, new ones ${whole(cold.perSecond)}/s`)
  const goodPerSecond = goodShare * warm.perSecond
  const seen = new Map([0, ...floods].map((flood) => [flood, { p50: [], p99: [], kinds: {} }]))
  let wrong = 0
  for (let round = 1; round <= rounds; round++) {
    for (const [flood, { p50, p99, kinds }] of seen) {
      const perSecond = flood * cold.perSecond
      const [ofGood, ofMade] = await Promise.all([
        good({ address, seconds, perSecond: goodPerSecond, settleSeconds }),
        flood === 0 ? { kinds: {} } : made({ address, seconds, perSecond }),
      ])
      p50.push(ofGood.p50)
      p99.push(ofGood.p99)
      for (const [kind, count] of Object.entries(ofMade.kinds)) {
        kinds[kind] = (kinds[kind] ?? 0) + count
      }
      wrong += count(ofGood.kinds, (kind) => kind !== 'allowed')
      wrong += count(ofMade.kinds, (kind) => kind === 'allowed' || kind === 'failed')
    }
  }
  const quietP99 = spread(seen.get(0).p99).median
  console.log('| flood, of what can be verified | p50 | p99 | p99 by quiet p99 | of the flood |')
  console.log('|---|---|---|---|---|')
  for (const [flood, { p50, p99, kinds }] of seen) {
    const told = Object.entries(kinds).map(([kind, count]) => `${kind} ${whole(count)}`)
    const ratio = (spread(p99).median / quietP99).toFixed(2)
    console.log(`| ${flood} | ${ms(p50)} | ${ms(p99)} | ${ratio} | ${told.join(', ')} |`)
  }
  if (wrong > 0) console.error(`bench: ${String(wrong)} answers were not what they had to be`)
  return wrong === 0 ? 0 : 1
}

async function startLoad(args) {
  const { order, stop } = await startClient('flood-load.mjs', args)
  stops.push(stop)
  return order
}

function count(kinds, isCounted) {
  return Object.entries(kinds).reduce((sum, [kind, n]) => sum + (isCounted(kind) ? n : 0), 0)
}

function whole(number) {
  return Math.round(number).toLocaleString('en-US')
}

function ms(numbers) {
  const { median, min, max } = spread(numbers)
  return `${median.toFixed(2)} ms (${min.toFixed(2)}–${max.toFixed(2)})`
}
