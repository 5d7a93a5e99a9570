/**
 * Rounds of two servers in turn, so that whatever else the machine does falls on both alike.
 *
 * The rules are:
 *   - every answer counts: a round knows how many bytes the right answers have, and a byte more or less is a failure;
 *   - two clocks: the wall's, and the server's own processor time, which other processes disturb less;
 *   - a ratio is taken between neighbours in time and only then summarised; beside it stands the ratio of the best
 *     rounds, which neither disturbance nor a bad state of the no-op server's heap can flatter;
 *   - a pair that other processes disturbed is repeated, within bounds, and what disturbance is left is reported.
 */
import { serverCoreBusyMs } from './processes.mjs'

const framePrefixBytes = 5
const calmShare = 0.05

/**
 * Drives one server once. `load(address, requests)` resolves to perSecond, failures, and answerBytes where it knows
 * them; where it counts by time instead, to the requests that it made.
 */
export async function measure({ load, answerLength, door = 'grpc' }, server, expected) {
  const before = { cpuMs: server.cpuMs(), busyMs: serverCoreBusyMs(), at: performance.now() }
  const {
    perSecond,
    failures,
    answerBytes,
    requests = expected,
  } = await load(server[door], expected)
  const cpuMs = server.cpuMs() - before.cpuMs
  const wallMs = performance.now() - before.at
  const oneAnswer = answerLength + framePrefixBytes
  const wrongAnswers =
    answerBytes === undefined
      ? 0
      : Math.ceil(Math.abs(answerBytes - requests * oneAnswer) / oneAnswer)
  return {
    requests,
    perSecond,
    perCpuSecond: (requests * 1_000) / cpuMs,
    coreShare: cpuMs / wallMs,
    othersShare: Math.max(0, (serverCoreBusyMs() - before.busyMs - cpuMs) / wallMs),
    failures: Math.max(failures, wrongAnswers),
  }
}

/**
 * Runs rounds of a scenario, each as long as `roundSeconds`, after one that warms both servers up. Goes on until
 * `rounds` pairs were left in peace by other processes, or three times as many were run, and keeps the calmest.
 */
export async function compare(scenario, { rounds, roundSeconds }, onRound) {
  const { gate, noOp, warmUpRequests } = scenario
  const requestsOf = async (server) => {
    const { perSecond } = await measure(scenario, server, Math.ceil(warmUpRequests))
    return Math.ceil(perSecond * roundSeconds)
  }
  const requests = { noOp: await requestsOf(noOp), gate: await requestsOf(gate) }
  const pairs = []
  const calm = () => pairs.filter((pair) => disturbance(pair) < calmShare)
  while (calm().length < rounds && pairs.length < 3 * rounds) {
    pairs.push({
      noOp: await measure(scenario, noOp, requests.noOp),
      gate: await measure(scenario, gate, requests.gate),
    })
    onRound(scenario.name, pairs.at(-1))
  }
  return {
    kept: pairs.toSorted((a, b) => disturbance(a) - disturbance(b)).slice(0, rounds),
    failures: pairs.reduce((sum, { noOp, gate }) => sum + noOp.failures + gate.failures, 0),
  }
}

/** The larger share of the servers' core that went to others in a pair of rounds. */
function disturbance({ noOp, gate }) {
  return Math.max(noOp.othersShare, gate.othersShare)
}

/** The figures of a scenario, from the pairs of rounds that were kept; failures are of all rounds. */
export function summarize(name, pairs, failures) {
  const of = (pick) => spread(pairs.map(pick))
  return {
    name,
    gatePerSecond: of(({ gate }) => gate.perSecond),
    noOpPerSecond: of(({ noOp }) => noOp.perSecond),
    ratio: of(({ gate, noOp }) => gate.perSecond / noOp.perSecond),
    bestRatio: best(pairs, 'gate') / best(pairs, 'noOp'),
    gatePerCpuSecond: of(({ gate }) => gate.perCpuSecond),
    noOpPerCpuSecond: of(({ noOp }) => noOp.perCpuSecond),
    cpuRatio: of(({ gate, noOp }) => gate.perCpuSecond / noOp.perCpuSecond),
    coreShare: of(({ gate }) => gate.coreShare),
    othersShare: of(disturbance),
    failures,
    pairs,
  }
}

/** The most that a server did in any round: what it can do when nothing disturbs it and its heap is in good shape. */
function best(pairs, server) {
  return Math.max(...pairs.map((pair) => pair[server].perSecond))
}

/** Median, least and greatest of some numbers. */
export function spread(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const half = sorted.length / 2
  const median = (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2
  return { median, min: sorted[0], max: sorted.at(-1) }
}
