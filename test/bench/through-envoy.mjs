/**
 * What a decision costs those who ask an API through Envoy: the time that it adds to one request at a time, and the requests
 * that Envoy and gate get done together on one core. Five Envoys take turns, which differ in one filter only.
 */
import { once } from 'node:events'
import { get } from 'node:http'
import { asking, findEnvoy, judging, noFilter, startEnvoy } from './envoy-process.mjs'
import { startGateProcess } from './gate.mjs'
import { spread } from './measure.mjs'
import { allows, createServers, expectedAnswer, startNoOp } from './servers.mjs'
import { wrk } from './wrk.mjs'

const path = '/users/42?verbose=true'
/** As many as the gate remembers, in the order of magnitude. */
const cachedTokens = 10_000
const busyConnections = 32

/**
 * Resolves to a row for each Envoy and to `addedRatio`, how many times as much as the no-op handler the gate adds; undefined,
 * after telling why, without an Envoy. Rejects when one does not let in who may come in, or lets in who may not.
 */
export async function measureThroughEnvoy(files, { rounds }) {
  const program = findEnvoy()
  if (program === undefined) {
    console.log('bench: there is no Envoy in .venv; what needs one is left out')
    return undefined
  }
  const { keep, stop } = createServers()
  try {
    const envoys = await startEnvoys(program, files, keep)
    await Promise.all(envoys.map(async (one) => await expectVerdicts(one, files.token)))
    return summarize(await takeTurns(envoys, headersOf(files.token), rounds))
  } finally {
    await stop()
  }
}

async function startEnvoys(program, { file, issuer, request }, keep) {
  const gate = await keep(startGateProcess(file('warm.yaml'), file('envoy-gate.log')))
  const answer = await expectedAnswer(gate, request, allows)
  const noOp = await keep(startNoOp(file, 'envoy-no-op', answer))
  const kinds = [
    { name: 'Envoy alone', change: noFilter, isOpen: true },
    { name: 'jwt_authn and RBAC', change: judging(issuer, 0) },
    { name: 'jwt_authn with cache, and RBAC', change: judging(issuer, cachedTokens) },
    { name: 'ext_authz, no-op grpc-js', change: asking(noOp.grpc), isOpen: true },
    { name: 'ext_authz, Scopegate', change: asking(gate.grpc) },
  ]
  const envoys = []
  for (const [index, { name, change, isOpen = false }] of kinds.entries()) {
    const envoy = await keep(startEnvoy(program, file, `envoy-${String(index)}`, change))
    envoys.push({ name, isOpen, address: envoy.http })
  }
  return envoys
}

/** A request with the token is let in, and one without only where nobody looks. */
async function expectVerdicts({ name, isOpen, address }, token) {
  const headers = Object.fromEntries(headersOf(token))
  const withoutToken = { Host: headers.Host }
  const statuses = [await askOnce(address, headers), await askOnce(address, withoutToken)]
  const expected = [200, isOpen ? 200 : 401]
  if (String(statuses) === String(expected)) return
  throw new Error(`${name} answers ${String(statuses)} and not ${String(expected)}`)
}

/** Resolves to the status. By node:http, for fetch sends no Host of ours. */
async function askOnce(address, headers) {
  const [response] = await once(get(`http://${address}${path}`, { headers }), 'response')
  response.resume()
  return response.statusCode
}

async function takeTurns(envoys, headers, rounds) {
  const load = { one: wrk(path, headers, 1), many: wrk(path, headers, busyConnections) }
  const rows = envoys.map(({ name, address }) => ({ name, address, us: [], perSecond: [] }))
  let failures = 0
  // The first turn warms up and is not kept.
  for (let round = 0; round <= rounds; round++) {
    for (const { name, address, us, perSecond } of rows) {
      const many = await load.many(address)
      const one = await load.one(address)
      failures += one.failures + many.failures
      if (round === 0) continue
      us.push(1_000_000 / one.perSecond)
      perSecond.push(many.perSecond)
      console.log(
        `  ${name.padEnd(32)} ${us.at(-1).toFixed(0).padStart(5)} µs  ${many.perSecond.toFixed(0).padStart(6)}/s`,
      )
    }
  }
  return { rows, failures }
}

function summarize({ rows, failures }) {
  const [alone, , , noOp, gate] = rows.map(({ us }) => us)
  const added = (us) => us.map((one, round) => one - alone[round])
  const ofNoOp = added(noOp)
  return {
    failures,
    rows: rows.map(({ name, us, perSecond }) => ({
      name,
      serialUs: spread(us),
      addedUs: spread(added(us)),
      perSecond: spread(perSecond),
    })),
    addedRatio: spread(added(gate).map((one, round) => one / ofNoOp[round])),
  }
}

function headersOf(token) {
  return [
    ['Host', 'api.bench.example'],
    ['Accept', 'application/json'],
    ['Accept-Language', 'en-GB,en;q=0.9'],
    ['Authorization', `Bearer ${token}`],
    ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  ]
}
