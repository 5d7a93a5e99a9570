/** The parts of a report, as Markdown that is printed and published: one function for each kind of figure. */

/** The table of the goals. */
export function formatGoals(goals) {
  return table(
    ['what', 'goal', 'measured', 'reached'],
    goals.map(({ name, goal, value, isReached }) => [
      name,
      goal,
      `**${value.toFixed(2)}**`,
      isReached ? 'yes' : 'no',
    ]),
  )
}

/** The table of the comparisons. */
export function formatComparisons(comparisons) {
  return table(
    [
      'scenario',
      'gate, requests/s',
      'no-op, requests/s',
      'ratio',
      'best rounds',
      'gate, requests/CPU-s',
      'ratio by CPU',
      'others',
      'failures',
    ],
    comparisons.map((one) => [
      one.name,
      whole(one.gatePerSecond),
      whole(one.noOpPerSecond),
      fraction(one.ratio),
      `**${one.bestRatio.toFixed(2)}**`,
      whole(one.gatePerCpuSecond),
      fraction(one.cpuRatio),
      percent(one.othersShare),
      String(one.failures),
    ]),
  )
}

/** The lines about the check without transport. */
export function formatInProcess({ usPerCheck, usPerCheckOfManyRoutes, bytesPerCheck }) {
  const us = ({ median, min, max }) =>
    `**${median.toFixed(2)} µs** (${min.toFixed(2)} to ${max.toFixed(2)})`
  return (
    `One warm check in process, from bytes to bytes without transport: ${us(usPerCheck)}, and **${whole(bytesPerCheck)} bytes** ` +
    `allocated. With 10,000 routes, measured in turn: ${us(usPerCheckOfManyRoutes)}.`
  )
}

/** The line about the memory of known tokens. */
export function formatMemory({ tokens, before, after }) {
  return `The process has ${mib(before)} before and **${mib(after)}** after ${tokens.toLocaleString('en-US')} tokens, all of which it remembers.`
}

/** The table of times at a fixed rate. */
export function formatLatency(rows) {
  const ms = ({ median, min, max }) => `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`
  return table(
    ['offered, checks/s', 'server', 'p50, ms', 'p90, ms', 'p99, ms', 'p99.9, ms'],
    rows.map(({ perSecond, name, p50, p90, p99, p999 }) => [
      perSecond.toLocaleString('en-US'),
      name,
      ...[p50, p90, p99, p999].map(ms),
    ]),
  )
}

/** The table of what a decision costs behind Envoy. */
export function formatThroughEnvoy({ rows, addedRatio, failures }) {
  const rowsOfTable = rows.map(({ name, serialUs, addedUs, perSecond }) => [
    name,
    whole(serialUs),
    whole(addedUs),
    whole(perSecond),
  ])
  const head = ['Envoy with', 'one request at a time, µs', 'added, µs', 'requests/s, one core']
  return `${table(head, rowsOfTable)}\n\nScopegate adds ${fraction(addedRatio)} times what the no-op handler adds. Failures: ${String(failures)}.`
}

/** The line about a long run. */
export function formatSoak({ minutes, checks, probes, rssMiB }) {
  const [start, first] = rssMiB
  return `Soak of ${String(minutes)} minutes, ${checks.toLocaleString('en-US')} checks and ${probes.toLocaleString('en-US')} probes on connections of their own: ${mib(start)} at the start, ${mib(first)} after one minute, **${mib(rssMiB.at(-1))}** at the end, ${mib(Math.max(...rssMiB))} at most.`
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

function mib(value) {
  return `${value.toFixed(0)} MiB`
}

function percent({ median }) {
  return `${(median * 100).toFixed(0)} %`
}

function whole({ median, min, max }) {
  const format = (value) => Math.round(value).toLocaleString('en-US')
  return `${format(median)} (${format(min)}–${format(max)})`
}

function fraction({ median, min, max }) {
  return `**${median.toFixed(2)}** (${min.toFixed(2)}–${max.toFixed(2)})`
}
