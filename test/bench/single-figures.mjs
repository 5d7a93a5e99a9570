/** What is no comparison of rates: time and bytes of a check in process, memory of known tokens, and a long run. */
import { prepareCrowd } from './cold-tokens.mjs'
import { startGateProcess, writeGateConfig } from './gate.mjs'
import { onServerCore, run } from './processes.mjs'
import { callOnce } from './check-call.mjs'
import { script, startDistinctLoad } from './servers.mjs'
import { writeManyRoutes } from './surroundings.mjs'

const checksOfRound = 50_000
const turnsInProcess = 4
/** Mebibytes of V8's youngest generation in which a round of allocations fits. */
const semiSpaceMiB = 512
const checksOfProbe = 1_000

/**
 * Microseconds of a warm check in process, by round: with the usual routes, and with ten thousand, in turn. Every turn
 * has a process of its own.
 */
export async function measureInProcess({ file, issuer }, rounds) {
  writeManyRoutes(file('in-process-routes.yaml'), issuer)
  const few = []
  const many = []
  for (let turn = 0; turn < turnsInProcess; turn++) {
    for (const [seen, config] of [
      [few, 'warm.yaml'],
      [many, 'in-process-routes.yaml'],
    ]) {
      seen.push(...(await runInProcess('in-process.mjs', [], file, config, rounds)).usPerCheck)
    }
  }
  return { few, many }
}

/** Bytes that a warm check in process allocates, by round, in a process of its own. */
export async function measureAllocations({ file }, rounds) {
  const flags = [
    '--expose-gc',
    `--min-semi-space-size=${String(semiSpaceMiB)}`,
    `--max-semi-space-size=${String(semiSpaceMiB)}`,
  ]
  return (await runInProcess('allocations.mjs', flags, file, 'warm.yaml', rounds)).bytesPerCheck
}

async function runInProcess(name, flags, file, config, rounds) {
  const args = [file(config), file('request'), String(checksOfRound), String(rounds)]
  return JSON.parse(await run(...onServerCore(process.execPath, ...flags, script(name), ...args)))
}

/** Mebibytes of a gate before and after it has remembered so many tokens, each of which it verified. */
export async function measureMemory({ file }, tokens) {
  return await withCrowd(file, tokens, 'memory', async ({ gate, rememberAll }) => {
    const before = gate.rssMiB()
    await rememberAll()
    return { tokens, before, after: gate.rssMiB() }
  })
}

/**
 * Mebibytes of a gate that remembers so many tokens, at the start and after each of so many minutes, in which it is asked by
 * a crowd, and by probes that connect anew each time. Rejects when an answer does not allow.
 */
export async function soak({ file }, tokens, minutes) {
  return await withCrowd(file, tokens, 'soak', async ({ gate, rememberAll, first }) => {
    await rememberAll()
    const client = await startDistinctLoad(file('crowd'), file('crowd-turns'))
    try {
      return await soakFor(minutes, gate, client, first)
    } finally {
      await client.stop()
    }
  })
}

async function soakFor(minutes, gate, client, first) {
  const rssMiB = [gate.rssMiB()]
  const startedAt = performance.now()
  let checks = 0
  let probes = 0
  while (rssMiB.length <= minutes) {
    const endsAt = startedAt + rssMiB.length * 60_000
    while (performance.now() < endsAt) {
      const { failures } = await client.load(gate.grpc, checksOfProbe)
      const { isAllow } = await callOnce(gate.grpc, first)
      if (failures > 0 || !isAllow) throw new Error('a check of the soak was not answered')
      checks += checksOfProbe
      probes += 1
    }
    rssMiB.push(gate.rssMiB())
    console.log(`  soak, minute ${String(rssMiB.length - 1)}: ${rssMiB.at(-1).toFixed(0)} MiB`)
  }
  return { minutes, checks, probes, rssMiB }
}

/** Starts a gate that may remember the whole crowd, and a client that can be all of it, for as long as `use` takes. */
async function withCrowd(file, tokens, name, use) {
  const { issuer, first } = await prepareCrowd(file, tokens)
  writeGateConfig(file(`${name}.yaml`), issuer, {
    limits: { maxCachedTokens: tokens, maxCacheBytes: 1_073_741_824 },
  })
  const gate = await startGateProcess(file(`${name}.yaml`), file(`${name}.log`))
  const client = await startDistinctLoad(file('crowd'))
  const rememberAll = async () => {
    const { failures } = await client.load(gate.grpc, tokens)
    const { misses } = await gate.cacheCounts()
    if (failures > 0 || misses !== tokens) throw new Error('not every token was remembered')
  }
  try {
    return await use({ gate, rememberAll, first })
  } finally {
    await Promise.all([client.stop(), gate.stop()])
  }
}
