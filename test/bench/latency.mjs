/**
 * How long answers take at a rate that is offered whether or not earlier ones have come. A time counts from when its question
 * was due, so a server that stands still is charged with all who wait for it: nothing is left out by co-ordination.
 */
import { startGateProcess } from './gate.mjs'
import { spread } from './measure.mjs'
import { allows, createServers, expectedAnswer, startClient, startNoOp } from './servers.mjs'

/** So long connections are new and the code of this rate is not compiled yet: both are a start's, not a rate's. */
const settleSeconds = 1

const percentiles = ['p50', 'p90', 'p99', 'p999']

/**
 * Gate and no-op handler in turn at every rate. Resolves to a row for each, in milliseconds. Rejects when an answer does not
 * allow. A client that is late, because the machine is busy, makes times longer and never shorter.
 */
export async function measureLatency({ file, request }, { ratesPerSecond, seconds, rounds }) {
  const { keep, stop } = createServers()
  try {
    const gate = await keep(startGateProcess(file('warm.yaml'), file('latency-gate.log')))
    const answer = await expectedAnswer(gate, request, allows)
    const noOp = await keep(startNoOp(file, 'latency-no-op', answer))
    const client = await keep(startClient('flood-load.mjs', [file('warm')]))
    const servers = [
      { name: 'gate', address: gate.grpc },
      { name: 'no-op', address: noOp.grpc },
    ]
    for (const { address } of servers) await client.order({ address, seconds: 2, atOnce: 32 })
    const rows = ratesPerSecond.flatMap((perSecond) =>
      servers.map((server) => ({ ...server, perSecond, rounds: [] })),
    )
    for (let round = 0; round < rounds; round++) {
      for (const row of rows) row.rounds.push(await ask(client, row, seconds))
    }
    return rows.map(({ name, perSecond, rounds: seen }) => ({
      ...{ name, perSecond },
      ...Object.fromEntries(percentiles.map((one) => [one, spread(seen.map((of) => of[one]))])),
    }))
  } finally {
    await stop()
  }
}

async function ask(client, { name, address, perSecond }, seconds) {
  const seen = await client.order({
    ...{ address, perSecond, seconds: seconds + settleSeconds },
    ...{ isAlone: true, settleSeconds },
  })
  const others = Object.keys(seen.kinds).filter((kind) => kind !== 'allowed')
  if (others.length > 0) throw new Error(`some answers are ${others.join(', ')}`)
  const times = percentiles.map((one) => `${one} ${seen[one].toFixed(2)}`).join('  ')
  console.log(`  ${name.padEnd(6)} ${String(perSecond).padStart(5)}/s  ${times} ms`)
  return seen
}
