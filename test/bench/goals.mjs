/**
 * What the gate has to reach, and what it reached in a run. Of a comparison the best rounds count (report.mjs says why), and of
 * one whose load is the slow Node.js client the processor time. What was not measured has no row.
 */
const scenario = (name, pick) => (results) => {
  const found = results.comparisons.filter((one) => one.name.startsWith(name))
  return found.length === 0 ? undefined : Math.min(...found.map(pick))
}
const byBest = ({ bestRatio }) => bestRatio
const byCpu = ({ cpuRatio }) => cpuRatio.median

/** `atLeast` or `atMost` is the goal, in the same unit as the value. */
const goals = [
  {
    ...{ name: 'warm check, of a no-op grpc-js handler', atLeast: 1.3, floor: 0.9 },
    value: scenario('warm token, -c 2 -m 32', byBest),
  },
  {
    ...{ name: 'check in process, µs', atMost: 8 },
    value: ({ inProcess }) => inProcess?.usPerCheck.median,
  },
  {
    ...{ name: 'allocated by a check in process, KiB', atMost: 1.5 },
    value: ({ inProcess }) => inProcess && inProcess.bytesPerCheck.median / 1_024,
  },
  {
    // 0.35 of the 0.9 that a warm check had to reach: since that is several times as much, of warm it is out of any reach.
    ...{ name: 'cold RS256, of a no-op grpc-js handler, by processor time', atLeast: 0.315 },
    value: scenario('cold RS256, no-op: grpc-js', byCpu),
  },
  {
    ...{ name: 'check in process with 10,000 routes, of one with 20', atMost: 1.1 },
    value: ({ inProcess }) =>
      inProcess && inProcess.usPerCheckOfManyRoutes.median / inProcess.usPerCheck.median,
  },
  {
    ...{ name: 'NGINX door, of a bare node:http server', atLeast: 0.7 },
    value: scenario('NGINX door', byBest),
  },
  {
    ...{ name: 'memory with 100,000 tokens, MiB', atMost: 250 },
    // A quick run remembers fewer, of which the goal says nothing.
    value: ({ memory }) => (memory?.tokens === 100_000 ? memory.after : undefined),
  },
  {
    ...{ name: 'serial time added to Envoy, of what no-op adds', atMost: 1.5 },
    value: ({ throughEnvoy }) => throughEnvoy?.addedRatio.median,
  },
  {
    ...{ name: 'memory at the end of a soak, of its first minute', atMost: 1.1 },
    value: ({ soak }) => soak && soak.rssMiB.at(-1) / soak.rssMiB[1],
  },
]

/** The goals of which the run measured something: name, goal as text, value, and whether it is reached. */
export function judgeGoals(results) {
  return goals.flatMap(({ name, atLeast, atMost, floor, value }) => {
    const reached = value(results)
    if (reached === undefined) return []
    const isReached = atLeast === undefined ? reached <= atMost : reached >= atLeast
    const least = floor === undefined ? '' : ` (least ${String(floor)})`
    const goal = atLeast === undefined ? `≤ ${String(atMost)}` : `≥ ${String(atLeast)}${least}`
    return [{ name, goal, value: reached, isReached }]
  })
}
